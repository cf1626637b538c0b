"""A preview cuts the beginning of a document as indexing would, and keeps nothing."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from dify_hex.application.knowledge import preview_segments
from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.application.knowledge.preview_segments import (
    PreviewedFile,
    PreviewedSegments,
    PreviewedText,
    PreviewSegments,
    PreviewSegmentsCommand,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.errors import (
    DocumentTextEmpty,
    KnowledgeNotFound,
    KnowledgeSettingsInvalid,
)
from dify_hex.domain.knowledge.reading_errors import DocumentReadersBusy, DocumentTooComplex
from dify_hex.domain.knowledge.settings import SegmentationMode, SegmentationSettings
from dify_hex.domain.shared.ids import FileId, KnowledgeId
from tests.builders.file import a_person
from tests.builders.knowledge import Desk, paragraphs
from tests.builders.segmentation import words
from tests.fakes.read_documents import LineReader


class EndlessReader(DocumentReader):
    """Never comes to an end."""

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        await asyncio.sleep(3600)
        yield ()


class CrowdedReader(DocumentReader):
    """Has no place for anybody who does not wait for ever."""

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        if source.patience is not None:
            raise DocumentReadersBusy(retry_after=5)
        yield ()


class DawdlingReader(EndlessReader):
    """Has a place at once, and then never comes to an end."""

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        yield ()
        async for blocks in super().read(source):
            yield blocks


class Bench:
    """A Knowledge to preview for."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.reader: DocumentReader = LineReader()

    async def preview(
        self,
        source: PreviewedText | PreviewedFile,
        segmentation: SegmentationSettings | None = None,
        *,
        limit: int = 10,
        knowledge_id: KnowledgeId | None = None,
        permission: Permission = Permission.KNOWLEDGE_WRITE,
    ) -> PreviewedSegments:
        desk = self.desk
        use_case = PreviewSegments(
            begin=desk.begin,
            clock=desk.clock,
            files=desk.files,
            reader=self.reader,
            measure=words,
        )
        command = PreviewSegmentsCommand(
            knowledge_id=knowledge_id or desk.knowledge.id,
            source=source,
            segmentation=segmentation,
            limit=limit,
        )
        return await use_case.execute(a_person(permission), command)


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    await bench.desk.open()
    return bench


async def test_a_text_is_cut_by_the_settings_of_the_knowledge(bench: Bench) -> None:
    previewed = await bench.preview(PreviewedText("# Top\n" + "word " * 16 + "\nmore"))

    assert [one.content for one in previewed.segments] == [("word " * 16).strip(), "more"]
    assert previewed.segments[0].headings == ("Top",)
    assert (previewed.total, previewed.is_estimate) == (2, False)


async def test_other_settings_count_for_this_time(bench: Bench) -> None:
    settings = SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD, max_tokens=40, overlap_tokens=0, child_max_tokens=16
    )

    previewed = await bench.preview(PreviewedText("word " * 30), settings)

    assert [len(one.children) for one in previewed.segments] == [2]


async def test_a_file_is_read(bench: Bench) -> None:
    file = await bench.desk.keep_file("first line\nsecond line")

    previewed = await bench.preview(PreviewedFile(file.id))

    assert previewed.segments[0].content == "first line\n\nsecond line"


async def test_only_so_many_are_shown(bench: Bench) -> None:
    previewed = await bench.preview(PreviewedText(paragraphs(20)), limit=3)

    assert [one.position for one in previewed.segments] == [1, 2, 3]
    assert (previewed.total, previewed.is_estimate) == (20, False)


async def test_of_a_long_text_the_total_is_an_estimate(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_segments, "MAX_CHARACTERS", 500)

    previewed = await bench.preview(PreviewedText(paragraphs(100)))

    assert previewed.is_estimate
    assert 0 < previewed.total < 100


@pytest.mark.parametrize("text", ["", " \n"])
async def test_a_text_of_nothing_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(DocumentTextEmpty):
        await bench.preview(PreviewedText(text))


async def test_settings_out_of_range_are_refused(bench: Bench) -> None:
    with pytest.raises(KnowledgeSettingsInvalid) as caught:
        await bench.preview(PreviewedText("x"), SegmentationSettings(max_tokens=1))

    assert caught.value.faults[0].path == "segmentation.max_tokens"


async def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    with pytest.raises(KnowledgeNotFound):
        await bench.preview(PreviewedText("x"), knowledge_id=KnowledgeId(new_id()))
    with pytest.raises(FileNotFound):
        await bench.preview(PreviewedFile(FileId(new_id())))


async def test_who_may_only_read_may_not_preview(bench: Bench) -> None:
    with pytest.raises(PermissionDenied):
        await bench.preview(PreviewedText("x"), permission=Permission.KNOWLEDGE_READ)


async def test_nobody_waits_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_segments, "MAX_WAITING", 0.01)
    monkeypatch.setattr(preview_segments, "MAX_SECONDS", 0.01)
    bench.reader = EndlessReader()

    with pytest.raises(DocumentTooComplex):
        await bench.preview(PreviewedText("x"))


async def test_the_time_of_a_document_begins_with_its_place(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_segments, "MAX_WAITING", 3600.0)
    monkeypatch.setattr(preview_segments, "MAX_SECONDS", 0.01)
    bench.reader = DawdlingReader()

    with pytest.raises(DocumentTooComplex):
        await bench.preview(PreviewedText("x"))


async def test_that_there_is_no_place_is_no_fault_of_the_document(bench: Bench) -> None:
    bench.reader = CrowdedReader()
    file = await bench.desk.keep_file("text")

    for source in (PreviewedText("x"), PreviewedFile(file.id)):
        with pytest.raises(DocumentReadersBusy):
            await bench.preview(source)
