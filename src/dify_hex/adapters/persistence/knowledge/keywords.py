"""Segments found by their words: BM25 over postings, in the transaction of the unit of work."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dify_hex.adapters.persistence.knowledge import keyword_statements as statements
from dify_hex.adapters.persistence.knowledge.keyword_search import (
    SEARCH_SETTINGS,
    key_of,
    search_keywords,
)
from dify_hex.adapters.persistence.knowledge.totals import Change, count_changes
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.transactions import driver_connection, settings_statement
from dify_hex.application.knowledge.index_ports import (
    FoundSegment,
    KeywordEntry,
    KeywordIndex,
    KeywordQuery,
)
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId

#: Segments that one statement removes with their postings.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Counted:
    """An entry with its terms counted."""

    entry: KeywordEntry
    occurrences: Mapping[int, int]

    @property
    def length(self) -> int:
        return len(self.entry.terms)


class SqlKeywordIndex(KeywordIndex):
    """The words of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[KeywordEntry]) -> None:
        """Keep the terms, in place of what was there for their segments."""
        kept = {entry.segment_id: entry for entry in entries}
        if not kept:
            return
        await self.remove(knowledge_id, list(kept))
        counted = [
            _Counted(entry, Counter(key_of(knowledge_id, term) for term in entry.terms))
            for entry in kept.values()
        ]
        added = await self._run(
            statements.ADD_ENTRIES,
            knowledge_id,
            segment_ids=list(kept),
            document_ids=[each.entry.document_id for each in counted],
            lengths=[each.length for each in counted],
            starts=list(_starts(counted)),
            counts=[len(each.occurrences) for each in counted],
            keys=[key for each in counted for key in each.occurrences],
            occurrences=[
                min(number, statements.MOST_OCCURRENCES)
                for each in counted
                for number in each.occurrences.values()
            ],
        )
        await self._count(
            knowledge_id,
            [
                Change(document_id=row.document_id, segments=row.segments, terms=row.terms)
                for row in added
            ],
        )

    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        """Forget the terms of the segments."""
        for start in range(0, len(segment_ids), _AT_ONCE):
            some = list(segment_ids[start : start + _AT_ONCE])
            removed = await self._run(statements.REMOVE, knowledge_id, segment_ids=some)
            await self._discount(knowledge_id, removed)

    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        """Forget the terms of all segments of the document."""
        while True:
            removed = await self._run(
                statements.REMOVE_SOME_OF_DOCUMENT,
                knowledge_id,
                document_id=document_id,
                most=_AT_ONCE,
            )
            if not await self._discount(knowledge_id, removed):
                return

    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Forget everything of the Knowledge."""
        while True:
            removed = await self._run(
                statements.REMOVE_SOME_OF_KNOWLEDGE, knowledge_id, most=_AT_ONCE
            )
            if not await self._discount(knowledge_id, removed):
                return

    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        """Whether searches find the segments."""
        if segment_ids:
            await self._run(
                statements.ENABLE, knowledge_id, segment_ids=list(segment_ids), enabled=enabled
            )

    async def search(self, query: KeywordQuery) -> Sequence[FoundSegment]:
        """The highest BM25 score first, with what the transaction has changed so far."""
        driver = await driver_connection(self._session)
        await driver.execute(settings_statement(SEARCH_SETTINGS))
        return await search_keywords(driver, self._scope.tenant_id, query)

    async def _discount(self, knowledge_id: KnowledgeId, removed: Any) -> int:
        changes = [
            Change(document_id=row.document_id, segments=-row.segments, terms=-row.terms)
            for row in removed
        ]
        await self._count(knowledge_id, changes)
        return -sum(change.segments for change in changes)

    async def _count(self, knowledge_id: KnowledgeId, changes: Sequence[Change]) -> None:
        await count_changes(self._session, self._scope.tenant_id, knowledge_id, changes)

    async def _run(self, statement: Any, knowledge_id: KnowledgeId, **parameters: object) -> Any:
        return await self._session.execute(
            statement,
            {"tenant_id": self._scope.tenant_id, "knowledge_id": knowledge_id, **parameters},
        )


def _starts(counted: Sequence[_Counted]) -> Iterator[int]:
    start = 1
    for each in counted:
        yield start
        start += len(each.occurrences)
