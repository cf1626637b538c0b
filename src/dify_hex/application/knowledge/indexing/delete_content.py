"""The jobs that remove what was deleted."""

from typing import ClassVar

from dify_hex.application.knowledge.indexing.extracted_text import storage_prefix
from dify_hex.application.knowledge.indexing.remove_content import RemoveContent
from dify_hex.application.knowledge.job_requests import (
    DELETE_DOCUMENT,
    DELETE_KNOWLEDGE,
    document_of,
    knowledge_of,
)
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import JobHandler, RunningJob
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId
from dify_hex.domain.shared.values.json_value import JsonObject

#: Documents of a Knowledge that are looked at together.
BATCH = 50


class DeleteDocumentContent(JobHandler):
    """Removes what is left of a deleted document.

    - One that is not deleted, or that nothing is left of, is left alone.
    """

    kind: ClassVar[str] = DELETE_DOCUMENT

    def __init__(self, *, begin: BeginWork[KnowledgeWork], remove: RemoveContent) -> None:
        self._begin = begin
        self._remove = remove

    async def run(self, job: RunningJob) -> JsonObject:
        """Remove it; how many segments there were."""
        document_id = document_of(job.arguments)
        async with self._begin(job.tenant_id) as work:
            document = await work.documents.find_deleted(document_id)
        if document is None:
            return {"document_id": str(document_id), "segments": 0}
        segments = await self._remove.of_document(job.tenant_id, document.knowledge_id, document_id)
        return {"document_id": str(document_id), "segments": segments}


class DeleteKnowledgeContent(JobHandler):
    """Removes what is left of a deleted Knowledge.

    - Its documents go one after the other, its own row last.
    - Index entries that no document leads to go too.
    """

    kind: ClassVar[str] = DELETE_KNOWLEDGE

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        remove: RemoveContent,
        blobs: BlobStorage,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._remove = remove
        self._blobs = blobs
        self._clock = clock

    async def run(self, job: RunningJob) -> JsonObject:
        """Remove it; how many documents and segments there were."""
        knowledge_id = knowledge_of(job.arguments)
        documents = segments = 0
        async with self._begin(job.tenant_id) as work:
            found = await work.knowledge.find_deleted(knowledge_id)
        while found is not None:
            batch = await self._next(job, found.id)
            if not batch:
                break
            for document_id in batch:
                segments += await self._remove.of_document(job.tenant_id, knowledge_id, document_id)
                documents += 1
                await job.report(0, f"{documents} documents removed")
        if found is not None:
            await self._finish(job)
        return {"documents": documents, "segments": segments}

    async def _next(self, job: RunningJob, knowledge_id: KnowledgeId) -> list[DocumentId]:
        """Some of its documents, deleted from now on: whoever still indexes them stops."""
        async with self._begin(job.tenant_id) as work:
            found = await work.documents.some_of(knowledge_id, limit=BATCH)
            for document in found:
                if document.state.deleted_at is None:
                    document.delete(now=self._clock.now())
            await work.commit()
        return [document.id for document in found]

    async def _finish(self, job: RunningJob) -> None:
        knowledge_id = knowledge_of(job.arguments)
        await self._blobs.delete(storage_prefix(job.tenant_id, knowledge_id))
        async with self._begin(job.tenant_id) as work:
            await work.vectors.remove_knowledge(knowledge_id)
            await work.keywords.remove_knowledge(knowledge_id)
            knowledge = await work.knowledge.find_deleted(knowledge_id)
            if knowledge is not None:
                await work.knowledge.remove(knowledge)
            await work.commit()
