"""Knowledge and its documents in one unit of work."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, text, update

from dify_hex.adapters.persistence.knowledge.mapper import (
    document_to_domain,
    knowledge_to_domain,
    progress_columns,
    write_document,
    write_knowledge,
)
from dify_hex.adapters.persistence.knowledge.rows import DocumentRow, KnowledgeRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import DocumentNotFound, KnowledgeNotFound
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingProgress
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.repository import DocumentRepository, KnowledgeRepository
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TaskId

#: Until the end of the transaction.
_ADD_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:knowledge_id, 0))")


class SqlKnowledgeRepository(KnowledgeRepository):
    """The Knowledge of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge."""
        return await self._required(self._living(knowledge_id))

    async def hold(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge, which nobody changes before this work has ended."""
        return await self._required(self._living(knowledge_id).with_for_update(read=True))

    async def hold_to_add(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The same, one after the other; those who index what is there need not wait for it."""
        await self._scope.session.execute(_ADD_IN_TURN, {"knowledge_id": str(knowledge_id)})
        return await self.hold(knowledge_id)

    async def claim(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge, which nobody else holds before this work has ended."""
        return await self._required(self._living(knowledge_id).with_for_update())

    async def find_deleted(self, knowledge_id: KnowledgeId) -> Knowledge | None:
        """One that was deleted."""
        row = await self._scope.session.scalar(
            self._any(knowledge_id).where(KnowledgeRow.deleted_at.is_not(None))
        )
        return None if row is None else self._loaded(row)

    def add(self, knowledge: Knowledge) -> None:
        """Keep a new one."""
        self._scope.tracker.add(knowledge, KnowledgeRow(), write_knowledge)

    async def remove(self, knowledge: Knowledge) -> None:
        """Forget a deleted one of which nothing is left."""
        await self._scope.tracker.remove(knowledge)

    async def _required(self, query: Select[KnowledgeRow]) -> Knowledge:
        row = await self._scope.session.scalar(query)
        if row is None:
            raise KnowledgeNotFound
        return self._loaded(row)

    def _loaded(self, row: KnowledgeRow) -> Knowledge:
        return self._scope.tracker.load(row, knowledge_to_domain, write_knowledge)

    def _any(self, knowledge_id: KnowledgeId) -> Select[KnowledgeRow]:
        return select(KnowledgeRow).where(
            KnowledgeRow.tenant_id == self._scope.tenant_id, KnowledgeRow.id == knowledge_id
        )

    def _living(self, knowledge_id: KnowledgeId) -> Select[KnowledgeRow]:
        return self._any(knowledge_id).where(KnowledgeRow.deleted_at.is_(None))


class SqlDocumentRepository(DocumentRepository):
    """The documents of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, document_id: DocumentId) -> Document:
        """The document."""
        return await self._required(self._living().where(DocumentRow.id == document_id))

    async def hold(self, document_id: DocumentId) -> Document:
        """The document, which nobody else changes before this work has ended."""
        living = self._living().where(DocumentRow.id == document_id)
        return await self._required(living.with_for_update())

    async def find_content(self, knowledge_id: KnowledgeId, sha256: str) -> DocumentId | None:
        """The document of the Knowledge that holds just this."""
        found = await self._scope.session.scalar(
            select(DocumentRow.id).where(
                DocumentRow.tenant_id == self._scope.tenant_id,
                DocumentRow.knowledge_id == knowledge_id,
                DocumentRow.sha256 == sha256,
                DocumentRow.deleted_at.is_(None),
                ~DocumentRow.is_duplicate,
            )
        )
        return None if found is None else DocumentId(found)

    async def count(self, knowledge_id: KnowledgeId) -> int:
        """How many documents the Knowledge has."""
        living = self._living().where(DocumentRow.knowledge_id == knowledge_id)
        counted = await self._scope.session.execute(living.with_only_columns(func.count()))
        return int(counted.scalar_one())

    async def after(
        self, knowledge_id: KnowledgeId, document_id: DocumentId | None, *, limit: int
    ) -> Sequence[Document]:
        """Documents by id, those after the given one."""
        query = self._living().where(DocumentRow.knowledge_id == knowledge_id)
        if document_id is not None:
            query = query.where(DocumentRow.id > document_id)
        held = query.order_by(DocumentRow.id).limit(limit).with_for_update()
        rows = await self._scope.session.scalars(held)
        return [self._loaded(row) for row in rows]

    async def report(self, document_id: DocumentId, round: int, progress: IndexingProgress) -> bool:
        """Note how far the worker of a round has come; whether it is still wanted."""
        wanted = await self._scope.session.execute(
            update(DocumentRow)
            .where(
                DocumentRow.tenant_id == self._scope.tenant_id,
                DocumentRow.id == document_id,
                DocumentRow.round == round,
                DocumentRow.status == DocumentStatus.PROCESSING.value,
                DocumentRow.deleted_at.is_(None),
            )
            .values(progress_columns(progress))
            .returning(DocumentRow.id)
            .execution_options(synchronize_session=False)
        )
        return wanted.scalar_one_or_none() is not None

    async def find_by_task(self, task_id: TaskId) -> Document | None:
        """The document that this job is the last one of."""
        row = await self._scope.session.scalar(
            self._living().where(DocumentRow.task_id == task_id).with_for_update()
        )
        return None if row is None else self._loaded(row)

    async def find_deleted(self, document_id: DocumentId) -> Document | None:
        """One that was deleted."""
        deleted = self._all().where(
            DocumentRow.id == document_id, DocumentRow.deleted_at.is_not(None)
        )
        row = await self._scope.session.scalar(deleted.with_for_update())
        return None if row is None else self._loaded(row)

    async def some_of(self, knowledge_id: KnowledgeId, *, limit: int) -> Sequence[Document]:
        """Any documents of the Knowledge, deleted ones included."""
        query = self._all().where(DocumentRow.knowledge_id == knowledge_id)
        held = query.order_by(DocumentRow.id).limit(limit).with_for_update()
        rows = await self._scope.session.scalars(held)
        return [self._loaded(row) for row in rows]

    def add(self, document: Document) -> None:
        """Keep a new one."""
        self._scope.tracker.add(document, DocumentRow(), write_document)

    async def remove(self, document: Document) -> None:
        """Forget a deleted one of which nothing is left."""
        await self._scope.tracker.remove(document)

    async def _required(self, query: Select[DocumentRow]) -> Document:
        row = await self._scope.session.scalar(query)
        if row is None:
            raise DocumentNotFound
        return self._loaded(row)

    def _loaded(self, row: DocumentRow) -> Document:
        return self._scope.tracker.load(row, document_to_domain, write_document)

    def _all(self) -> Select[DocumentRow]:
        return select(DocumentRow).where(DocumentRow.tenant_id == self._scope.tenant_id)

    def _living(self) -> Select[DocumentRow]:
        return self._all().where(DocumentRow.deleted_at.is_(None))
