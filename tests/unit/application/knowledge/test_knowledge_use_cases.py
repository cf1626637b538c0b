"""What can be done with Knowledge and with the documents in it."""

from dataclasses import replace

import pytest

from dify_hex.application.knowledge.change_document import ChangeDocument, ChangeDocumentCommand
from dify_hex.application.knowledge.change_knowledge import (
    ChangeKnowledge,
    ChangeKnowledgeCommand,
)
from dify_hex.application.knowledge.create_knowledge import (
    CreateKnowledge,
    CreateKnowledgeCommand,
)
from dify_hex.application.knowledge.delete_document import DeleteDocument, DeleteDocumentCommand
from dify_hex.application.knowledge.delete_knowledge import (
    DeleteKnowledge,
    DeleteKnowledgeCommand,
)
from dify_hex.application.knowledge.steer_document import (
    DocumentAction,
    SteerDocument,
    SteerDocumentCommand,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import File, FileStatus
from dify_hex.domain.knowledge.document import Document, DocumentOrigin
from dify_hex.domain.knowledge.errors import (
    DocumentNotFailed,
    DocumentNotFound,
    DocumentNotPaused,
    KnowledgeNameTaken,
    KnowledgeNotFound,
    MetadataInvalid,
)
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings
from tests.builders.app import actor
from tests.builders.knowledge import MODEL, NOW, OTHER_MODEL, TENANT, Desk, paragraphs
from tests.builders.model_choices import MODELS

EDITOR = actor(tenant_id=TENANT)
READER = actor(Permission.KNOWLEDGE_READ, tenant_id=TENANT)
AUTHOR = MetadataField(name="author", type=MetadataType.STRING)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


def asked_for(desk: Desk) -> list[str]:
    """The kinds of jobs that were asked for, in their order."""
    return [request.kind for request in desk.shelf.jobs.values()]


async def change(desk: Desk, command: ChangeKnowledgeCommand) -> Knowledge:
    use_case = ChangeKnowledge(begin=desk.begin, clock=desk.clock, models=MODELS)
    await use_case.execute(EDITOR, command)
    async with desk.begin(TENANT) as work:
        return await work.knowledge.get(command.knowledge_id)


async def steer(desk: Desk, document: Document, action: DocumentAction) -> Document:
    command = SteerDocumentCommand(document_id=document.id, action=action)
    await SteerDocument(begin=desk.begin, clock=desk.clock).execute(EDITOR, command)
    return await desk.document(document.id)


def creating(desk: Desk) -> CreateKnowledge:
    return CreateKnowledge(
        begin=desk.begin, clock=desk.clock, models=MODELS, default_embedding=MODEL
    )


async def test_a_name_is_all_it_takes(desk: Desk) -> None:
    made = await creating(desk).execute(EDITOR, CreateKnowledgeCommand(name="Manual"))
    assert (made.name, made.settings.embedding, made.documents) == ("Manual", MODEL, 0)


async def test_settings_are_taken_as_they_come(desk: Desk) -> None:
    command = CreateKnowledgeCommand(
        name="Manual",
        embedding=OTHER_MODEL,
        retrieval=RetrievalSettings(top_k=9),
        metadata_fields=[AUTHOR],
    )
    made = await creating(desk).execute(EDITOR, command)
    assert (made.settings.embedding, made.settings.retrieval.top_k) == (OTHER_MODEL, 9)
    assert list(made.metadata_fields) == [AUTHOR]


async def test_a_name_is_used_once_whatever_its_case(desk: Desk) -> None:
    with pytest.raises(KnowledgeNameTaken):
        await creating(desk).execute(EDITOR, CreateKnowledgeCommand(name="HANDBOOK"))


async def test_whoever_only_reads_changes_nothing(desk: Desk) -> None:
    with pytest.raises(PermissionDenied):
        await creating(desk).execute(READER, CreateKnowledgeCommand(name="Manual"))


async def test_what_is_not_named_stays(desk: Desk) -> None:
    command = ChangeKnowledgeCommand(
        knowledge_id=desk.knowledge.id, description="All of it.", metadata_fields=[AUTHOR]
    )
    changed = (await change(desk, command)).state
    assert (changed.name, changed.description) == ("Handbook", "All of it.")
    assert changed.metadata_fields == (AUTHOR,)
    assert changed.settings == desk.knowledge.state.settings
    assert asked_for(desk) == []


async def test_somebody_elses_change_is_not_overwritten(desk: Desk) -> None:
    command = ChangeKnowledgeCommand(
        knowledge_id=desk.knowledge.id, name="Manual", expected_version=7
    )
    with pytest.raises(StaleVersion):
        await change(desk, command)


async def test_another_embedding_model_takes_over_in_the_background(desk: Desk) -> None:
    document = await desk.bring(paragraphs(5))
    await desk.index(document)
    command = ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, embedding=OTHER_MODEL)
    assert (await change(desk, command)).state.next_embedding == OTHER_MODEL
    # A change of something else does not call it off, nor ask for it twice.
    renamed = ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, name="Manual")
    assert (await change(desk, renamed)).state.next_embedding == OTHER_MODEL
    assert asked_for(desk) == ["reembed_knowledge"]
    done = await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    assert done == {"documents": 1}
    assert not any(each.is_indexed for each in desk.shelf.of(document.id))
    assert asked_for(desk) == ["reembed_knowledge", "index_document"]
    await desk.index(document)
    assert desk.reader.reads == 1
    assert all(each.is_indexed for each in desk.shelf.of(document.id))
    assert {model for model, _ in desk.embeddings.sent} == {MODEL.model, OTHER_MODEL.model}


async def test_who_asks_again_for_the_model_on_its_way_has_it_brought_again(desk: Desk) -> None:
    command = ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, embedding=OTHER_MODEL)
    await change(desk, command)

    assert (await change(desk, command)).state.next_embedding == OTHER_MODEL

    assert asked_for(desk) == ["reembed_knowledge", "reembed_knowledge"]
    for _ in range(2):
        await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    await change(desk, command)
    assert asked_for(desk) == ["reembed_knowledge", "reembed_knowledge"]


async def test_embedding_anew_is_done_once_for_many_documents(desk: Desk) -> None:
    for number in range(103):
        document = await desk.bring(f"Document {number}.")
        await desk.index(document)
    waiting = await desk.bring("This one waits.")
    command = ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, embedding=OTHER_MODEL)
    await change(desk, command)
    done = await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    assert done == {"documents": 103}
    again = await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    assert again == {"documents": 0}
    assert (await desk.document(waiting.id)).state.task_id == waiting.state.task_id


async def test_nothing_is_left_of_a_deleted_knowledge(desk: Desk) -> None:
    brought = await desk.bring(paragraphs(3))
    given = await desk.bring("Another.")
    await desk.index(brought)
    await desk.index(given)
    command = DeleteKnowledgeCommand(knowledge_id=desk.knowledge.id, expected_version=1)
    await DeleteKnowledge(begin=desk.begin, clock=desk.clock).execute(EDITOR, command)
    with pytest.raises(KnowledgeNotFound):
        await change(desk, ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id))
    await creating(desk).execute(EDITOR, CreateKnowledgeCommand(name="Handbook"))
    done = await desk.run(desk.delete_knowledge, knowledge_id=desk.knowledge.id)
    assert done == {"documents": 2, "segments": 4}
    assert desk.database.all(Document) == []
    assert [each.state.name for each in desk.database.all(Knowledge)] == ["Handbook"]
    assert (desk.shelf.segments, desk.shelf.keywords, desk.blobs.blobs) == ({}, {}, {})
    again = await desk.run(desk.delete_knowledge, knowledge_id=desk.knowledge.id)
    assert again == {"documents": 0, "segments": 0}


async def test_a_reembedding_of_what_was_deleted_is_over(desk: Desk) -> None:
    command = DeleteKnowledgeCommand(knowledge_id=desk.knowledge.id)
    await DeleteKnowledge(begin=desk.begin, clock=desk.clock).execute(EDITOR, command)
    done = await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    assert done == {"documents": 0}


async def test_a_document_is_renamed_and_described(desk: Desk) -> None:
    await change(
        desk, ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, metadata_fields=[AUTHOR])
    )
    document = await desk.bring("Something.")
    use_case = ChangeDocument(begin=desk.begin, clock=desk.clock)
    command = ChangeDocumentCommand(document_id=document.id, name="R", metadata={"author": "Ada"})
    await use_case.execute(EDITOR, command)
    state = (await desk.document(document.id)).state
    assert (state.name, state.metadata) == ("R", {"author": "Ada"})
    with pytest.raises(MetadataInvalid):
        await use_case.execute(EDITOR, replace(command, metadata={"colour": "red"}))
    with pytest.raises(StaleVersion):
        await use_case.execute(EDITOR, replace(command, expected_version=9))


async def test_a_document_is_kept_from_searches(desk: Desk) -> None:
    document = await desk.bring("Something.")
    assert not (await steer(desk, document, DocumentAction.DISABLE)).state.is_enabled
    assert (await steer(desk, document, DocumentAction.ENABLE)).state.is_enabled


async def test_indexing_is_paused_and_resumed(desk: Desk) -> None:
    document = await desk.bring("Something.")
    paused = await steer(desk, document, DocumentAction.PAUSE)
    assert paused.state.status is DocumentStatus.PAUSED
    resumed = await steer(desk, document, DocumentAction.RESUME)
    assert resumed.state.task_id in desk.shelf.jobs


async def test_cancelling_ends_the_job_too(desk: Desk) -> None:
    document = await desk.bring("Something.")
    # Its first job is swept away by now.
    await steer(desk, document, DocumentAction.CANCEL)
    retried = await steer(desk, document, DocumentAction.RETRY)
    cancelled = await steer(desk, document, DocumentAction.CANCEL)
    assert cancelled.state.status is DocumentStatus.CANCELLED
    assert desk.shelf.cancelled == [retried.state.task_id]


async def test_indexing_anew_asks_for_a_job(desk: Desk) -> None:
    document = await desk.bring("Something.")
    await desk.index(document)
    again = await steer(desk, document, DocumentAction.REINDEX)
    assert again.state.status is DocumentStatus.PENDING
    assert asked_for(desk) == ["index_document"]


@pytest.mark.parametrize(
    ("action", "error"),
    [(DocumentAction.RESUME, DocumentNotPaused), (DocumentAction.RETRY, DocumentNotFailed)],
)
async def test_a_refused_action_leaves_no_job(
    desk: Desk, action: DocumentAction, error: type[Exception]
) -> None:
    document = await desk.bring("Something.")
    with pytest.raises(error):
        await steer(desk, document, action)
    assert asked_for(desk) == []


async def test_nothing_is_left_of_a_deleted_document(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    await desk.index(document)
    command = DeleteDocumentCommand(document_id=document.id)
    use_case = DeleteDocument(begin=desk.begin, clock=desk.clock)
    await use_case.execute(EDITOR, command)
    with pytest.raises(DocumentNotFound):
        await use_case.execute(EDITOR, command)
    done = await desk.run(desk.delete_document, document_id=document.id)
    assert done["segments"] == 3
    assert desk.shelf.segments == {}
    assert desk.blobs.blobs == {}
    assert desk.database.all(Document) == []
    again = await desk.run(desk.delete_document, document_id=document.id)
    assert again["segments"] == 0


async def test_deleting_what_is_indexed_ends_the_job(desk: Desk) -> None:
    document = await desk.bring("Something.")
    await steer(desk, document, DocumentAction.CANCEL)
    retried = await steer(desk, document, DocumentAction.RETRY)
    await DeleteDocument(begin=desk.begin, clock=desk.clock).execute(
        EDITOR, DeleteDocumentCommand(document_id=document.id)
    )
    assert desk.shelf.cancelled == [retried.state.task_id]


async def test_only_its_own_file_goes_with_a_document(desk: Desk) -> None:
    own = await desk.bring("Its own.")
    other = await desk.bring("Another's.", origin=DocumentOrigin.FILE)
    gone = await desk.bring("A file that is gone.")
    async with desk.begin(TENANT) as work:
        await work.files.remove(await work.files.get(gone.state.content.file_id))
        for document in (own, other, gone):
            found = await work.documents.get(document.id)
            found.delete(now=NOW)
        await work.commit()
    for document in (own, other, gone):
        await desk.run(desk.delete_document, document_id=document.id)
    kept = {each.id: each.state.status for each in desk.database.all(File)}
    assert kept == {
        own.state.content.file_id: FileStatus.DELETED,
        other.state.content.file_id: FileStatus.AVAILABLE,
    }
