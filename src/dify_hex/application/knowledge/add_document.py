"""Adding a document by its text, or out of a file that is there already."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from dify_hex.application.file.access import require_access
from dify_hex.application.file.file_intake import FileIntake, NewFile, ReceivedFile
from dify_hex.application.file.ports import FileWork
from dify_hex.application.knowledge.document_intake import DocumentIntake, NewDocument
from dify_hex.application.knowledge.read_models import DocumentView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import File, FileOwner, FileSource
from dify_hex.domain.file.names import FileName
from dify_hex.domain.knowledge.document import DocumentOrigin
from dify_hex.domain.knowledge.errors import DocumentTextEmpty
from dify_hex.domain.shared.ids import FileId, KnowledgeId

#: What a bare text is called in the storage; its document has a name of its own.
_FILE_NAME = "text.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenText:
    """A document as a bare text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A document in a file that is there; without a name it is called like the file."""

    file_id: FileId
    name: str | None = None


_ORIGINS: Mapping[type, DocumentOrigin] = {
    GivenText: DocumentOrigin.TEXT,
    StoredFile: DocumentOrigin.FILE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDocumentCommand:
    """Where the document goes, what is in it, and whether that may be there already."""

    knowledge_id: KnowledgeId
    source: GivenText | StoredFile
    allow_duplicate: bool = False


class AddDocument:
    """Adds one document to a Knowledge.

    - A text is kept like the content of a text file.
    - A file that was there before stays when the document goes; without it, the document cannot be
      read anew.
    - A file of another app or of an end user's does not exist for others.
    - Content that the Knowledge holds already is refused with the document that holds it, unless a
      duplicate is wanted.
    - The document is indexed by a job of its own.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[FileWork],
        files: FileIntake,
        documents: DocumentIntake,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._files = files
        self._documents = documents
        self._clock = clock

    async def execute(self, actor: Actor, command: AddDocumentCommand) -> DocumentView:
        """Add it.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            DocumentsFull: it has as many documents as it may have.
            DocumentTextEmpty: there is nothing in the text.
            DocumentExists: the Knowledge holds just this already.
            DocumentNameInvalid: the name is blank or too long.
            FileNotFound: there is no such file.
            FileExpired: its time is over.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        await self._documents.check_room(actor, command.knowledge_id)
        file, name = await self._taken_from(actor, command.source)
        new = NewDocument(
            knowledge_id=command.knowledge_id,
            name=name,
            file=file,
            origin=_ORIGINS[type(command.source)],
            allow_duplicate=command.allow_duplicate,
        )
        return await self._documents.admit(actor, new)

    async def _taken_from(
        self, actor: Actor, source: GivenText | StoredFile
    ) -> tuple[File | ReceivedFile, str]:
        match source:
            case GivenText(name=name, text=text):
                return await self._keep(actor, text), name
            case StoredFile(file_id=file_id, name=given):
                file = await self._find(actor, file_id)
                return file, given or file.name

    async def _keep(self, actor: Actor, text: str) -> ReceivedFile:
        if not text.strip():
            raise DocumentTextEmpty
        new = NewFile(
            tenant_id=actor.tenant_id,
            name=FileName.parse(_FILE_NAME),
            source=FileSource.DOCUMENT,
            owner=FileOwner(account_id=actor.account_id, api_key_id=actor.api_key_id),
        )
        return await self._files.receive(new, _pieces(text))

    async def _find(self, actor: Actor, file_id: FileId) -> File:
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(file_id)
        require_access(actor, Permission.KNOWLEDGE_WRITE, file, user=None)
        file.require_available(now=self._clock.now())
        return file


async def _pieces(text: str) -> AsyncIterator[bytes]:
    yield text.encode()
