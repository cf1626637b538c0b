"""The rules of a document on its way into the index."""

from collections.abc import Callable
from dataclasses import replace
from operator import methodcaller

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document, DocumentOrigin
from dify_hex.domain.knowledge.errors import (
    DocumentInProgress,
    DocumentNameInvalid,
    DocumentNotFailed,
    DocumentNotInProgress,
    DocumentNotPaused,
    MetadataInvalid,
)
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
    IndexingFailure,
    IndexingProgress,
    IndexingStage,
)
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.shared.ids import TaskId
from tests.builders.knowledge import EDITOR, LATER, NOW, a_document, content, stored

BROKEN = IndexingFailure(code="document_broken", message="It is broken.")
TASK = TaskId(new_id())
Verb = Callable[[Document], object]

PAUSE: Verb = methodcaller("pause", now=LATER)
CANCEL: Verb = methodcaller("cancel", now=LATER)
COMPLETE: Verb = methodcaller("complete", now=LATER)
FAIL: Verb = methodcaller("fail", BROKEN, now=LATER)
RESUME: Verb = methodcaller("resume", TASK, now=LATER)
RETRY: Verb = methodcaller("retry", TASK, now=LATER)
REINDEX: Verb = methodcaller("reindex", TASK, now=LATER)
REEMBED: Verb = methodcaller("reembed", TASK, now=LATER)


def at(status: DocumentStatus) -> Document:
    """A document of that status, in the middle of being embedded."""
    document = stored(a_document())
    failure = BROKEN if status is DocumentStatus.FAILED else None
    progress = IndexingProgress(stage=IndexingStage.EMBED, percent=50, segments=4, indexed=2)
    state = replace(document.state, status=status, failure=failure, progress=progress, round=3)
    return Document(
        id=document.id,
        tenant_id=document.tenant_id,
        knowledge_id=document.knowledge_id,
        state=state,
        version=4,
    )


def test_a_new_document_waits_and_says_so() -> None:
    document = a_document(name="  report.pdf ")
    state = document.state
    assert (state.name, state.status, state.round) == ("report.pdf", DocumentStatus.PENDING, 0)
    assert state.is_enabled
    assert [event.name for event in document.pull_events()] == ["document.added"]


def test_a_file_that_was_there_before_is_not_its_own() -> None:
    assert content().owns_file
    assert content(origin=DocumentOrigin.TEXT).owns_file
    assert not content(origin=DocumentOrigin.FILE).owns_file


@pytest.mark.parametrize(
    "status", [DocumentStatus.PENDING, DocumentStatus.PROCESSING, DocumentStatus.FAILED]
)
def test_each_worker_begins_a_round_of_its_own(status: DocumentStatus) -> None:
    document = at(status)
    assert document.begin(now=LATER)
    state = document.state
    assert (state.status, state.round, state.failure) == (DocumentStatus.PROCESSING, 4, None)
    # It goes on with what was reached.
    assert state.progress.stage is IndexingStage.EMBED


@pytest.mark.parametrize(
    "status", [DocumentStatus.PAUSED, DocumentStatus.CANCELLED, DocumentStatus.COMPLETED]
)
def test_nobody_begins_with_what_is_at_rest(status: DocumentStatus) -> None:
    document = at(status)
    assert not document.begin(now=LATER)
    assert document.state.round == 3


def test_a_complete_document_can_be_found_as_a_whole() -> None:
    document = at(DocumentStatus.PROCESSING)
    document.complete(now=LATER)
    state = document.state
    assert (state.status, state.progress.percent) == (DocumentStatus.COMPLETED, 100.0)
    assert state.indexed_at == LATER
    assert [event.name for event in document.pull_events()] == ["document.indexed"]


def test_a_failure_has_a_reason() -> None:
    document = at(DocumentStatus.PROCESSING)
    document.fail(BROKEN, now=LATER)
    assert document.state.failure == BROKEN
    assert document.state.status is DocumentStatus.FAILED
    assert [event.name for event in document.pull_events()] == ["document.indexing_failed"]


@pytest.mark.parametrize("verb", [PAUSE, CANCEL])
def test_doing_it_twice_is_doing_it_once(verb: Verb) -> None:
    document = at(DocumentStatus.PROCESSING)
    verb(document)
    document = stored(document)
    verb(document)
    assert document.version == document.stored_version


def test_what_is_paused_goes_on_or_is_given_up() -> None:
    document = at(DocumentStatus.PAUSED)
    document.resume(TASK, now=LATER)
    assert (document.state.status, document.state.task_id) == (DocumentStatus.PENDING, TASK)
    assert document.state.progress.indexed == 2
    given_up = at(DocumentStatus.PAUSED)
    given_up.cancel(now=LATER)
    assert given_up.state.status is DocumentStatus.CANCELLED


@pytest.mark.parametrize("status", [DocumentStatus.FAILED, DocumentStatus.CANCELLED])
def test_what_has_failed_goes_on_with_its_stage(status: DocumentStatus) -> None:
    document = at(status)
    document.retry(TASK, now=LATER)
    state = document.state
    assert (state.status, state.failure) == (DocumentStatus.PENDING, None)
    assert state.progress.stage is IndexingStage.EMBED


def test_indexing_anew_begins_with_the_text() -> None:
    document = at(DocumentStatus.COMPLETED)
    document.reindex(TASK, now=LATER)
    assert document.state.progress == IndexingProgress()
    assert document.state.status is DocumentStatus.PENDING


def test_embedding_anew_keeps_the_segments() -> None:
    document = at(DocumentStatus.COMPLETED)
    document.reembed(TASK, now=LATER)
    progress = document.state.progress
    assert (progress.stage, progress.segments, progress.indexed) == (IndexingStage.EMBED, 4, 0)


@pytest.mark.parametrize(
    ("verb", "status", "error"),
    [
        (PAUSE, DocumentStatus.COMPLETED, DocumentNotInProgress),
        (CANCEL, DocumentStatus.COMPLETED, DocumentNotInProgress),
        (COMPLETE, DocumentStatus.PAUSED, DocumentNotInProgress),
        (FAIL, DocumentStatus.CANCELLED, DocumentNotInProgress),
        (RESUME, DocumentStatus.PROCESSING, DocumentNotPaused),
        (RETRY, DocumentStatus.COMPLETED, DocumentNotFailed),
        (REINDEX, DocumentStatus.PROCESSING, DocumentInProgress),
        (REINDEX, DocumentStatus.PAUSED, DocumentInProgress),
        (REEMBED, DocumentStatus.PENDING, DocumentInProgress),
    ],
)
def test_a_verb_that_makes_no_sense_now_is_refused(
    verb: Verb, status: DocumentStatus, error: type[Exception]
) -> None:
    document = at(status)
    with pytest.raises(error):
        verb(document)
    assert document.version == 4


def test_a_document_is_enabled_and_disabled() -> None:
    document = at(DocumentStatus.COMPLETED)
    document.set_enabled(True, now=LATER, by=EDITOR)
    assert document.version == 4
    document.set_enabled(False, now=LATER, by=EDITOR)
    assert (document.state.is_enabled, document.state.updated_by) == (False, EDITOR)


def test_a_description_leaves_out_what_is_not_named() -> None:
    fields = [MetadataField(name="author", type=MetadataType.STRING)]
    document = stored(a_document())
    document.describe(fields, metadata={"author": "Ada"}, now=LATER, by=EDITOR)
    document.describe(fields, name="Report", now=LATER, by=EDITOR)
    assert (document.state.name, document.state.metadata) == ("Report", {"author": "Ada"})
    document = stored(document)
    document.describe(fields, name="Report", now=LATER, by=EDITOR)
    assert document.version == document.stored_version


def test_names_and_metadata_are_looked_at() -> None:
    with pytest.raises(DocumentNameInvalid):
        a_document(name=" ")
    with pytest.raises(DocumentNameInvalid):
        a_document().describe([], name="x" * 256, now=LATER, by=EDITOR)
    with pytest.raises(MetadataInvalid):
        a_document().describe([], metadata={"author": "Ada"}, now=LATER, by=EDITOR)


def test_deleting_is_told() -> None:
    document = stored(a_document())
    document.delete(now=NOW)
    assert document.state.deleted_at == NOW
    assert [event.name for event in document.pull_events()] == ["document.deleted"]


def test_progress_knows_where_its_stage_lies() -> None:
    cutting = IndexingProgress().entering(IndexingStage.SEGMENT)
    assert cutting.percent == 20.0
    assert cutting.with_share(0.5).percent == 27.5
    assert cutting.with_share(7).percent == 35.0
    assert cutting.with_share(-1).percent == 20.0
