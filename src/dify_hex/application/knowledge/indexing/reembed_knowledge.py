"""The job that lets another embedding model take over a Knowledge."""

from typing import ClassVar

from dify_hex.application.knowledge.job_requests import (
    REEMBED_KNOWLEDGE,
    index_document,
    knowledge_of,
)
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import JobHandler, RunningJob
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject

#: Documents of one transaction.
BATCH = 100


class ReembedKnowledge(JobHandler):
    """Empties the index of a Knowledge, and sends its documents to be embedded again.

    - The new model and the empty index are one transaction: never are two models' vectors mixed.
    - Each document that is at rest and can be found is embedded by a job of its own, also one that
      has failed or was cancelled: it was found by its meaning before, and is again.
    - Those under way notice it with their next batch, those that are paused when they are resumed.
    """

    kind: ClassVar[str] = REEMBED_KNOWLEDGE

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def run(self, job: RunningJob) -> JsonObject:
        """Let the next model take over; how many documents are embedded again."""
        knowledge_id = knowledge_of(job.arguments)
        try:
            await self._adopt(job.tenant_id, knowledge_id)
        except KnowledgeNotFound:
            return {"documents": 0}
        documents = 0
        last: DocumentId | None = None
        while True:
            found, sent = await self._send(job.tenant_id, knowledge_id, last)
            documents += sent
            if len(found) < BATCH:
                return {"documents": documents}
            last = found[-1].id
            await job.report(0, f"{documents} documents")

    async def _adopt(self, tenant_id: TenantId, knowledge_id: KnowledgeId) -> None:
        async with self._begin(tenant_id) as work:
            # Nobody puts vectors of the old model into the index from here on.
            knowledge = await work.knowledge.claim(knowledge_id)
            if knowledge.adopt_embedding(now=self._clock.now()):
                await work.vectors.remove_knowledge(knowledge_id)
                await work.segments.unindex_knowledge(knowledge_id)
            await work.commit()

    async def _send(
        self, tenant_id: TenantId, knowledge_id: KnowledgeId, last: DocumentId | None
    ) -> tuple[list[Document], int]:
        now = self._clock.now()
        sent = 0
        async with self._begin(tenant_id) as work:
            found = await work.documents.after(knowledge_id, last, limit=BATCH)
            findable = await work.segments.findable([document.id for document in found])
            for document in found:
                if _is_at_rest(document) and (_is_whole(document) or document.id in findable):
                    request = index_document(document.id, by=document.state.created_by)
                    document.reembed(await work.jobs.enqueue(request, now=now), now=now)
                    sent += 1
            await work.commit()
        return list(found), sent


def _is_whole(document: Document) -> bool:
    return document.state.status is DocumentStatus.COMPLETED


def _is_at_rest(document: Document) -> bool:
    status = document.state.status
    return not status.is_in_progress and status is not DocumentStatus.PAUSED
