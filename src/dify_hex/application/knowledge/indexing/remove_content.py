"""Removing what a deleted document or Knowledge has left: nothing stays behind."""

from contextlib import suppress
from dataclasses import dataclass

from dify_hex.application.knowledge.indexing.extracted_text import storage_prefix
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TenantId

#: Segments of one transaction.
BATCH = 500
_STILL_READ = "A worker still has the document."
#: Within which a worker that is at hand notices that its document is deleted.
_SECONDS_TO_NOTICE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContent:
    """Removes a document piece by piece; its row goes last, so that a cut-off removal is found.

    Text goes when nobody can write any: whoever still reads the document has noticed that it is
    deleted, or has lost the job with its process.
    """

    begin: BeginWork[KnowledgeWork]
    clock: Clock
    blobs: BlobStorage

    async def of_document(
        self, tenant_id: TenantId, knowledge_id: KnowledgeId, document_id: DocumentId
    ) -> int:
        """Remove segments, index entries, text and file of a document; how many segments.

        Raises:
            Unavailable: a worker still has the document, or the storage or the database is away.
        """
        removed = 0
        while True:
            async with self.begin(tenant_id) as work:
                await self._hold(work, knowledge_id, document_id)
                count = await work.segments.remove_some(document_id, limit=BATCH)
                await work.commit()
            removed += count
            if count < BATCH:
                break
        await self._wait_for_worker(tenant_id, document_id)
        await self.blobs.delete(storage_prefix(tenant_id, knowledge_id, document_id))
        async with self.begin(tenant_id) as work:
            document = await work.documents.find_deleted(document_id)
            if document is not None:
                await work.vectors.remove_document(knowledge_id, document_id)
                await work.keywords.remove_document(knowledge_id, document_id)
                await self._let_go(work, document)
                await work.documents.remove(document)
            await work.commit()
        return removed

    @staticmethod
    async def _hold(
        work: KnowledgeWork, knowledge_id: KnowledgeId, document_id: DocumentId
    ) -> None:
        """In the order in which all others do it; either may be gone already."""
        await work.documents.find_deleted(document_id)
        with suppress(KnowledgeNotFound):
            await work.knowledge.hold(knowledge_id)

    async def _wait_for_worker(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        async with self.begin(tenant_id) as work:
            document = await work.documents.find_deleted(document_id)
            task_id = None if document is None else document.state.task_id
            if task_id is not None and await work.jobs.is_under_way(task_id):
                raise Unavailable(_STILL_READ, retry_after=_SECONDS_TO_NOTICE)

    async def _let_go(self, work: KnowledgeWork, document: Document) -> None:
        content = document.state.content
        if not content.owns_file:
            return
        try:
            file = await work.files.get(content.file_id)
        except FileNotFound:
            return
        # Its content is swept away soon, whatever becomes of this process.
        file.delete(now=self.clock.now())
