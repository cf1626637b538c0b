"""What owners may do with one segment."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from dify_hex.domain.knowledge.segment import searched_text
from dify_hex.domain.knowledge.segment_errors import SegmentContentInvalid, SegmentHasParent
from dify_hex.domain.knowledge.stored_segment import MAX_CONTENT_LENGTH, Segment, SegmentState
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


def segment(parent_id: SegmentId | None = None) -> Segment:
    return Segment(
        id=SegmentId(UUID(int=1)),
        tenant_id=TenantId(UUID(int=2)),
        knowledge_id=KnowledgeId(UUID(int=3)),
        document_id=DocumentId(UUID(int=4)),
        version=3,
        state=SegmentState(
            position=1,
            content="Lamps are lit at dusk.",
            source_hash=b"lamps",
            tokens=5,
            parent_id=parent_id,
            created_at=NOW,
            updated_at=NOW,
        ),
    )


def added(content: str) -> Segment:
    return Segment.add(
        id=SegmentId(UUID(int=1)),
        tenant_id=TenantId(UUID(int=2)),
        knowledge_id=KnowledgeId(UUID(int=3)),
        document_id=DocumentId(UUID(int=4)),
        position=7,
        content=content,
        source_hash=b"x",
        tokens=1,
        now=NOW,
    )


def test_adding_takes_the_space_around_the_text_away() -> None:
    new = added("  Lamps \n")
    assert (new.state.content, new.state.position, new.version) == ("Lamps", 7, 1)
    assert new.state.is_enabled
    assert not new.state.is_edited


@pytest.mark.parametrize("content", ["", " \n", "\u200b", "x" * (MAX_CONTENT_LENGTH + 1)])
def test_a_segment_needs_some_text_and_not_too_much(content: str) -> None:
    with pytest.raises(SegmentContentInvalid):
        added(content)
    with pytest.raises(SegmentContentInvalid):
        segment().edit(content, tokens=1, now=LATER)


def test_editing_remembers_what_the_document_says() -> None:
    changed = segment()
    changed.edit("Lamps are lit at noon.", tokens=6, now=LATER)
    state = changed.state
    assert (state.content, state.tokens, state.is_edited) == ("Lamps are lit at noon.", 6, True)
    assert (state.source_hash, state.updated_at, changed.version) == (b"lamps", LATER, 4)


def test_editing_to_the_same_text_changes_nothing() -> None:
    same = segment()
    same.edit(" Lamps are lit at dusk. ", tokens=9, now=LATER)
    assert (same.version, same.state.is_edited, same.state.updated_at) == (3, False, NOW)


def test_disabling_twice_is_once() -> None:
    one = segment()
    assert one.set_enabled(False, now=LATER)
    assert not one.set_enabled(False, now=LATER)
    assert not one.state.is_enabled
    assert one.set_enabled(True, now=LATER)


def test_a_child_is_changed_through_its_parent_only() -> None:
    child = segment(parent_id=SegmentId(UUID(int=9)))
    with pytest.raises(SegmentHasParent):
        child.edit("x", tokens=1, now=LATER)
    with pytest.raises(SegmentHasParent):
        child.set_enabled(False, now=LATER)


@pytest.mark.parametrize(
    ("headings", "content", "expected"),
    [
        ((), "Lamps.", "Lamps."),
        (("Guide", "Start"), "Lamps.", "Guide\nStart\nLamps."),
        (("Guide", "Lamps"), "Lamps\n\nAre lit.", "Guide\nLamps\n\nAre lit."),
    ],
)
def test_what_is_searched_stands_below_its_headings_which_are_said_once(
    headings: tuple[str, ...], content: str, expected: str
) -> None:
    assert searched_text(headings, content) == expected
