"""Adding documents by sending their files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from dify_hex.application.file.file_intake import FileIntake, NewFile
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.application.knowledge.document_intake import DocumentIntake, NewDocument
from dify_hex.application.knowledge.read_models import (
    AddedDocuments,
    DocumentView,
    RefusedDocument,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import FileOwner, FileSource
from dify_hex.domain.file.names import FileName
from dify_hex.domain.knowledge.document import DocumentOrigin
from dify_hex.domain.knowledge.errors import DocumentsRefused
from dify_hex.domain.shared.errors import (
    Conflict,
    DetailValue,
    DomainError,
    InvalidInput,
    LimitReached,
    Unsupported,
)
from dify_hex.domain.shared.ids import KnowledgeId

#: What is wrong with one file, and says nothing about the next.
_REFUSALS = (Conflict, InvalidInput, LimitReached, Unsupported)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDocumentsCommand:
    """Where the documents go, and whether they may be there already."""

    knowledge_id: KnowledgeId
    allow_duplicate: bool = False


class UploadDocuments:
    """Adds documents out of the files that are sent, one after the other as they come in.

    - What a file is follows from its first bytes; name and declaration must not contradict them.
    - A file that cannot be taken in does not keep out the others; when there is only the one, or
      none at all could be taken, that is an error.
    - Content that the Knowledge holds already is refused with the document that holds it, unless a
      duplicate is wanted.
    - Each document is indexed by a job of its own.
    """

    def __init__(self, *, files: FileIntake, documents: DocumentIntake) -> None:
        self._files = files
        self._documents = documents

    async def execute(
        self, actor: Actor, command: UploadDocumentsCommand, incoming: AsyncIterator[IncomingFile]
    ) -> AddedDocuments:
        """Add them.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            DocumentsFull: it has as many documents as it may have.
            DocumentsRefused: none of several files could be taken; of one file, its own error.
            StorageUnavailable: the contents cannot be stored at present.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        await self._documents.check_room(actor, command.knowledge_id)
        added: list[DocumentView] = []
        refused: list[RefusedDocument] = []
        async for file in incoming:
            try:
                added.append(await self._add(actor, command, file))
            except _REFUSALS as error:
                refused.append(RefusedDocument(file.name, error))
        if refused and not added:
            raise _refusal(refused)
        return AddedDocuments(added=added, refused=refused)

    async def _add(
        self, actor: Actor, command: UploadDocumentsCommand, incoming: IncomingFile
    ) -> DocumentView:
        name = FileName.parse(incoming.name)
        new = NewFile(
            tenant_id=actor.tenant_id,
            name=name,
            source=FileSource.DOCUMENT,
            owner=FileOwner(account_id=actor.account_id, api_key_id=actor.api_key_id),
            declared=incoming.media_type,
        )
        file = await self._files.receive(new, incoming.content())
        return await self._documents.admit(
            actor,
            NewDocument(
                knowledge_id=command.knowledge_id,
                name=name.text,
                file=file,
                origin=DocumentOrigin.UPLOAD,
                allow_duplicate=command.allow_duplicate,
            ),
        )


def _refusal(refused: list[RefusedDocument]) -> DomainError:
    if len(refused) == 1:
        return refused[0].error
    details: list[DetailValue] = [
        {
            "name": each.name,
            "code": each.error.code,
            "message": each.error.message,
            "details": each.error.details,
        }
        for each in refused
    ]
    return DocumentsRefused(refused=details)
