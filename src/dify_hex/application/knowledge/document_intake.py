"""Taking a document on record, whoever brings it and in whatever form."""

from contextlib import suppress
from dataclasses import dataclass

from dify_hex.application.file.file_intake import FileIntake, ReceivedFile
from dify_hex.application.knowledge.job_requests import index_document
from dify_hex.application.knowledge.limits import KnowledgeLimits
from dify_hex.application.knowledge.read_models import DocumentView
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.file.file import File, FileContent
from dify_hex.domain.knowledge.document import Document, DocumentContent, DocumentOrigin
from dify_hex.domain.knowledge.errors import DocumentExists, DocumentsFull
from dify_hex.domain.shared.errors import DomainError, Unavailable
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document whose content is in a file: one that is there, or that came in for it."""

    knowledge_id: KnowledgeId
    name: str
    file: File | ReceivedFile
    origin: DocumentOrigin
    allow_duplicate: bool = False


class DocumentIntake:
    """Adds documents to a Knowledge, each together with the job that indexes it.

    Content that the Knowledge holds already is refused, unless a duplicate is wanted. A file that
    came in for a document is there as soon as the document is, in the same transaction: of one
    that is refused, or whose caller or process goes away in between, nothing stays.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        clock: Clock,
        files: FileIntake,
        limits: KnowledgeLimits,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._files = files
        self._limits = limits

    async def check_room(self, actor: Actor, knowledge_id: KnowledgeId) -> None:
        """Refuse what could not be added anyway, before it is taken in.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            DocumentsFull: it has as many documents as it may have.
        """
        async with self._begin(actor.tenant_id) as work:
            await work.knowledge.get(knowledge_id)
            await self._check_room(work, knowledge_id)

    async def admit(self, actor: Actor, new: NewDocument) -> DocumentView:
        """Put the document on record; it is indexed in the background.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            DocumentsFull: it has as many documents as it may have.
            DocumentExists: it holds just this already; `document_id` says where.
            DocumentNameInvalid: the name is blank or too long.
            FileNotFound: the file is not there any more.
            FileExpired: the time of the file is over.
        """
        try:
            return await self._admit(actor, new)
        except DomainError as refusal:
            await self._let_go(new.file, refusal)
            if isinstance(refusal, DocumentExists) and not refusal.details:
                # Somebody else has brought it at the same moment.
                raise await self._existing(actor, new) from refusal
            raise

    async def _admit(self, actor: Actor, new: NewDocument) -> DocumentView:
        now, by = self._clock.now(), actor.caller_id
        file, content = self._contents_of(new.file)
        async with self._begin(actor.tenant_id) as work:
            # Whoever else adds to it counts after this one.
            await work.knowledge.hold_to_add(new.knowledge_id)
            await self._check_room(work, new.knowledge_id)
            if not new.allow_duplicate:
                existing = await work.documents.find_content(new.knowledge_id, content.sha256)
                if existing is not None:
                    raise DocumentExists(document_id=str(existing))
            document_id = DocumentId(new_id())
            task_id = await work.jobs.enqueue(index_document(document_id, by=by), now=now)
            document = Document.add(
                id=document_id,
                tenant_id=actor.tenant_id,
                knowledge_id=new.knowledge_id,
                name=new.name,
                content=DocumentContent(
                    file_id=file.id,
                    origin=new.origin,
                    media_type=file.type.media_type,
                    size=content.size,
                    sha256=content.sha256,
                ),
                is_duplicate=new.allow_duplicate,
                task_id=task_id,
                now=now,
                by=by,
            )
            work.documents.add(document)
            if isinstance(new.file, ReceivedFile):
                await self._files.keep(work, new.file)
            await work.commit()
        return DocumentView.of(document)

    async def _check_room(self, work: KnowledgeWork, knowledge_id: KnowledgeId) -> None:
        limit = self._limits.max_documents
        if await work.documents.count(knowledge_id) >= limit:
            raise DocumentsFull(limit=limit)

    async def _existing(self, actor: Actor, new: NewDocument) -> DocumentExists:
        _, content = self._contents_of(new.file)
        async with self._begin(actor.tenant_id) as work:
            existing = await work.documents.find_content(new.knowledge_id, content.sha256)
        return DocumentExists() if existing is None else DocumentExists(document_id=str(existing))

    def _contents_of(self, file: File | ReceivedFile) -> tuple[File, FileContent]:
        if isinstance(file, ReceivedFile):
            return file.file, file.content
        return file, file.require_available(now=self._clock.now())

    async def _let_go(self, file: File | ReceivedFile, refusal: DomainError) -> None:
        """Of an outage nobody knows whether it came before the commit or after it."""
        if isinstance(file, ReceivedFile) and not isinstance(refusal, Unavailable):
            with suppress(Unavailable):
                await self._files.give_up(file.file)
