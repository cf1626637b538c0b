"""Documents come in as files, as texts, and out of files that are there."""

from collections.abc import AsyncIterator

import pytest

from dify_hex.application.file.file_intake import FileIntake, NewFile
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.application.knowledge.add_document import (
    AddDocument,
    AddDocumentCommand,
    GivenText,
    StoredFile,
)
from dify_hex.application.knowledge.document_intake import DocumentIntake, NewDocument
from dify_hex.application.knowledge.limits import KnowledgeLimits
from dify_hex.application.knowledge.read_models import AddedDocuments, DocumentView
from dify_hex.application.knowledge.upload_documents import (
    UploadDocuments,
    UploadDocumentsCommand,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileEmpty, FileNotFound, FileTooLarge
from dify_hex.domain.file.file import File, FileOwner, FileSource, FileStatus
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.file.names import FileName
from dify_hex.domain.knowledge.document import Document, DocumentOrigin
from dify_hex.domain.knowledge.errors import (
    DocumentExists,
    DocumentNameInvalid,
    DocumentsFull,
    DocumentsRefused,
    DocumentTextEmpty,
    KnowledgeNotFound,
)
from dify_hex.domain.shared.errors import DomainError, Unavailable
from dify_hex.domain.shared.ids import FileId, KnowledgeId
from dify_hex.domain.shared.values.file_reference import FileKind
from tests.builders.app import actor
from tests.builders.file import Incoming
from tests.builders.knowledge import TENANT, Desk
from tests.fakes.memory_knowledge import MemoryKnowledgeWork

EDITOR = actor(tenant_id=TENANT)
READER = actor(Permission.KNOWLEDGE_READ, tenant_id=TENANT)
LIMIT = 2_000


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


class House:
    """The ways in."""

    def __init__(self, desk: Desk, *, max_documents: int = 10) -> None:
        self.desk = desk
        self.files = FileIntake(
            begin=desk.begin,
            clock=desk.clock,
            storage=desk.files,
            limits=FileLimits(max_bytes=dict.fromkeys(FileKind, LIMIT)),
        )
        self.intake = DocumentIntake(
            begin=desk.begin,
            clock=desk.clock,
            files=self.files,
            limits=KnowledgeLimits(max_documents=max_documents),
        )
        self.upload_documents = UploadDocuments(files=self.files, documents=self.intake)
        self.add_document = AddDocument(
            begin=desk.begin, files=self.files, documents=self.intake, clock=desk.clock
        )

    async def upload(self, *files: IncomingFile, duplicate: bool = False) -> AddedDocuments:
        command = UploadDocumentsCommand(
            knowledge_id=self.desk.knowledge.id, allow_duplicate=duplicate
        )
        return await self.upload_documents.execute(EDITOR, command, _each(files))

    async def add(self, source: GivenText | StoredFile, *, duplicate: bool = False) -> str:
        command = AddDocumentCommand(
            knowledge_id=self.desk.knowledge.id, source=source, allow_duplicate=duplicate
        )
        return (await self.add_document.execute(EDITOR, command)).name


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def text(content: str, name: str = "plan.txt") -> Incoming:
    return Incoming(content.encode(), name)


def living_files(desk: Desk) -> list[File]:
    return [file for file in desk.database.all(File) if file.state.status is not FileStatus.DELETED]


async def test_each_file_is_a_document_with_a_job(house: House) -> None:
    outcome = await house.upload(text("One.", "one.txt"), text("Two.", "two.md"))
    assert [view.name for view in outcome.added] == ["one.txt", "two.md"]
    assert outcome.refused == []
    jobs = house.desk.shelf.jobs
    assert [view.task_id for view in outcome.added] == list(jobs)
    assert {view.content.media_type for view in outcome.added} == {"text/plain", "text/markdown"}


async def test_content_that_is_there_is_refused_with_its_document(house: House) -> None:
    first = (await house.upload(text("Same."))).added[0]
    with pytest.raises(DocumentExists) as refused:
        await house.upload(text("Same.", "other.txt"))
    assert refused.value.details == {"document_id": str(first.id)}
    assert len(living_files(house.desk)) == 1


@pytest.mark.parametrize("source", ["upload", "text"])
async def test_a_process_that_dies_before_the_document_is_there_leaves_no_file_that_is(
    house: House, source: str
) -> None:
    class Killed(BaseException):
        """Nobody can catch the end of a process."""

    class Mortal(MemoryKnowledgeWork):
        """Does not live to see the commit."""

        async def commit(self) -> None:
            raise Killed

    house.intake._begin = lambda tenant_id: Mortal(
        house.desk.database, tenant_id, house.desk.shelves
    )
    given = GivenText(name="Alone", text="Alone.")
    bringing = house.upload(text("Alone.")) if source == "upload" else house.add(given)
    with pytest.raises(Killed):
        await bringing
    [file] = house.desk.database.all(File)
    # Whatever is not available in time is swept away with its content.
    assert file.state.status is FileStatus.UPLOADING
    assert house.desk.database.all(Document) == []


async def test_a_refused_document_takes_the_content_with_it(house: House) -> None:
    await house.upload(text("Same."))
    with pytest.raises(DocumentExists):
        await house.upload(text("Same."))
    assert len(house.desk.database.all(File)) == len(house.desk.files.contents) == 1


async def test_an_outage_at_the_commit_leaves_the_file_to_the_sweep(house: House) -> None:
    """The commit may have come through all the same; then the document needs its content."""

    class Away(MemoryKnowledgeWork):
        async def commit(self) -> None:
            raise Unavailable

    house.intake._begin = lambda tenant_id: Away(house.desk.database, tenant_id, house.desk.shelves)
    with pytest.raises(Unavailable):
        await house.upload(text("Alone."))
    assert len(house.desk.files.contents) == 1


async def test_a_duplicate_is_taken_where_it_is_wanted(house: House) -> None:
    await house.upload(text("Same."))
    again = await house.upload(text("Same."), duplicate=True)
    assert len(again.added) == 1
    # It hides nothing from those who want none.
    with pytest.raises(DocumentExists):
        await house.upload(text("Same."))


async def test_what_two_bring_at_once_is_there_once(house: House) -> None:
    incoming = text("Same.")
    file = await house.files.receive(
        NewFile(
            tenant_id=TENANT,
            name=FileName.parse("plan.txt"),
            source=FileSource.DOCUMENT,
            owner=FileOwner(),
        ),
        incoming.content(),
    )
    first: list[DocumentView] = []

    class Overtaken(MemoryKnowledgeWork):
        """Commits when somebody else just has."""

        async def commit(self) -> None:
            if not first:
                first.extend((await house.upload(text("Same."))).added)
            await super().commit()

    slow = DocumentIntake(
        begin=lambda tenant_id: Overtaken(house.desk.database, tenant_id, house.desk.shelves),
        clock=house.desk.clock,
        files=house.files,
        limits=KnowledgeLimits(),
    )
    new = NewDocument(
        knowledge_id=house.desk.knowledge.id,
        name="plan.txt",
        file=file,
        origin=DocumentOrigin.UPLOAD,
    )
    with pytest.raises(DocumentExists) as refused:
        await slow.admit(EDITOR, new)
    assert refused.value.details == {"document_id": str(first[0].id)}
    assert len(living_files(house.desk)) == 1


async def test_a_document_that_is_gone_by_then_cannot_be_named(house: House) -> None:
    file = await house.desk.keep_file("Same.")
    new = NewDocument(
        knowledge_id=house.desk.knowledge.id,
        name="plan.txt",
        file=file,
        origin=DocumentOrigin.FILE,
    )
    house.desk.database.failure = DocumentExists()
    with pytest.raises(DocumentExists) as refused:
        await house.intake.admit(EDITOR, new)
    assert refused.value.details == {}
    assert len(living_files(house.desk)) == 1


async def test_one_bad_file_keeps_out_no_other(house: House) -> None:
    outcome = await house.upload(text("Good."), text(""), text("x" * (LIMIT + 1)))
    assert [view.name for view in outcome.added] == ["plan.txt"]
    assert [type(each.error) for each in outcome.refused] == [FileEmpty, FileTooLarge]


async def test_when_none_of_several_is_taken_each_is_told(house: House) -> None:
    with pytest.raises(DocumentsRefused) as refused:
        await house.upload(text("", "one.txt"), text("", "two.txt"))
    told = refused.value.details["refused"]
    assert isinstance(told, list)
    assert [each["name"] for each in told if isinstance(each, dict)] == ["one.txt", "two.txt"]


async def test_a_storage_that_is_away_is_no_fault_of_the_file(house: House) -> None:
    house.desk.files.away = True
    with pytest.raises(StorageUnavailable):
        await house.upload(text("Good."))


async def test_a_knowledge_holds_only_so_many(desk: Desk) -> None:
    house = House(desk, max_documents=1)
    outcome = await house.upload(text("One."), text("Two."))
    assert [each.error.code for each in outcome.refused] == ["knowledge_documents_full"]
    with pytest.raises(DocumentsFull):
        await house.upload(text("Three."))
    assert len(living_files(desk)) == 1


async def test_nothing_is_added_to_what_is_not_there(house: House) -> None:
    command = UploadDocumentsCommand(knowledge_id=KnowledgeId(new_id()))
    incoming = text("One.")
    with pytest.raises(KnowledgeNotFound):
        await house.upload_documents.execute(EDITOR, command, _each((incoming,)))
    assert incoming.taken == 0


async def test_whoever_only_reads_adds_nothing(house: House) -> None:
    command = UploadDocumentsCommand(knowledge_id=house.desk.knowledge.id)
    with pytest.raises(PermissionDenied):
        await house.upload_documents.execute(READER, command, _each(()))


async def test_a_text_is_a_document_of_its_own_name(house: House) -> None:
    assert await house.add(GivenText(name="Opening hours", text="From nine.")) == "Opening hours"
    [document] = house.desk.database.all(Document)
    assert document.state.content.origin is DocumentOrigin.TEXT


async def test_an_empty_text_is_none(house: House) -> None:
    with pytest.raises(DocumentTextEmpty):
        await house.add(GivenText(name="Nothing", text=" \n"))


@pytest.mark.parametrize(("name", "shown"), [(None, "report.txt"), ("Report", "Report")])
async def test_a_file_that_is_there_becomes_a_document(
    house: House, name: str | None, shown: str
) -> None:
    file = await house.desk.keep_file("Something.")
    assert await house.add(StoredFile(file_id=file.id, name=name)) == shown
    [document] = house.desk.database.all(Document)
    assert document.state.content.file_id == file.id


async def test_a_file_that_was_there_stays_when_its_document_is_refused(house: House) -> None:
    file = await house.desk.keep_file("Something.")
    with pytest.raises(DocumentNameInvalid):
        await house.add(StoredFile(file_id=file.id, name=" "))
    assert len(living_files(house.desk)) == 1


async def test_a_text_that_is_refused_leaves_no_file(house: House) -> None:
    with pytest.raises(DomainError):
        await house.add(GivenText(name=" ", text="Something."))
    assert living_files(house.desk) == []


async def test_a_file_that_is_not_there_becomes_nothing(house: House) -> None:
    with pytest.raises(FileNotFound):
        await house.add(StoredFile(file_id=FileId(new_id())))


async def _each(files: tuple[IncomingFile, ...]) -> AsyncIterator[IncomingFile]:
    for file in files:
        yield file
