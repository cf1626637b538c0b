"""Segments on PostgreSQL, in the transaction of the unit of work, together with their index."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from dify_hex.adapters.persistence.knowledge import segment_statements as statements
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.application.knowledge.index_ports import (
    KeywordIndex,
    Reconciled,
    SegmentStore,
    UnindexedSegment,
    VectorIndex,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft, searched_text
from dify_hex.domain.knowledge.segment_errors import SegmentNotFound
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId

#: Segments that are removed at once.
_AT_ONCE = 500
#: Segments that are marked at once: no statement may take longer than the connection waits.
_UNMARKED_AT_ONCE = 5_000
_BEFORE_ALL = UUID(int=0)


#: A segment among those of its document and parent.
_Key = tuple[bytes, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewRow:
    """What is written for a draft, or for one of its children."""

    id: UUID
    parent_id: UUID | None
    draft: SegmentDraft
    has_children: bool
    position: int
    content: str
    content_hash: bytes
    occurrence: int
    tokens: int

    @property
    def key(self) -> _Key:
        return self.content_hash, self.occurrence


class SqlSegmentStore(SegmentStore):
    """The segments of the unit of work's tenant."""

    def __init__(self, scope: WorkScope, vectors: VectorIndex, keywords: KeywordIndex) -> None:
        self._scope = scope
        self._session = scope.session
        self._vectors = vectors
        self._keywords = keywords

    async def reconcile(
        self, document_id: DocumentId, round: int, drafts: Sequence[SegmentDraft]
    ) -> Reconciled:
        """Keep a batch of the round's segments, children included."""
        if not drafts:
            return Reconciled(kept=0, added=0)
        knowledge_id = await self._knowledge_of(document_id)
        parents = [_row_of(draft) for draft in drafts]
        stored = await self._keep(knowledge_id, document_id, round, parents)
        ids = {(row.content_hash, row.occurrence): row.id for row in stored}
        edited = {row.id for row in stored if row.is_edited}
        known = [ids[row.key] for row in parents if ids[row.key] != row.id]
        kept, added = len(known), len(parents) - len(known)
        # A segment that was searched itself until now is a parent from here on.
        with_children = {ids[row.key] for row in parents if row.has_children} - edited
        await self._forget(knowledge_id, [each for each in known if each in with_children])
        if edited:
            await self._run(statements.KEEP_CHILDREN, round=round, parent_ids=list(edited))
        children = [
            child
            for row in parents
            if ids[row.key] in with_children
            for child in _children_of(row.draft, ids[row.key])
        ]
        if children:
            made = {child.id for child in children}
            stored = await self._keep(knowledge_id, document_id, round, children)
            new = sum(row.id in made for row in stored)
            kept, added = kept + len(children) - new, added + new
        return Reconciled(kept=kept, added=added)

    async def drop_older(self, document_id: DocumentId, round: int) -> int:
        """Remove the segments of older rounds with their index; how many there were."""
        dropped = 0
        while True:
            found = await self._run(
                statements.OLDER, document_id=document_id, round=round, most=_AT_ONCE
            )
            removed = await self._remove(document_id, [*found.scalars()])
            dropped += removed
            if removed < _AT_ONCE:
                return dropped

    async def remove_some(self, document_id: DocumentId, *, limit: int) -> int:
        """Remove some of the document's segments with their index, children first."""
        found = await self._run(statements.OF_DOCUMENT, document_id=document_id, most=limit)
        return await self._remove(document_id, [*found.scalars()])

    async def unindexed(self, document_id: DocumentId, *, limit: int) -> Sequence[UnindexedSegment]:
        """Some of the segments (children, where parents have them) that are not indexed yet."""
        found = await self._run(statements.UNINDEXED, document_id=document_id, most=limit)
        return [
            UnindexedSegment(
                id=SegmentId(row.id),
                document_id=document_id,
                text=searched_text(row.headings, row.content),
            )
            for row in found
        ]

    async def still_unindexed(self, segments: Sequence[UnindexedSegment]) -> Collection[SegmentId]:
        """Those that are there, say what they said, and still cannot be found."""
        said = {segment.id: segment.text for segment in segments}
        found = await self._run(statements.STILL_UNINDEXED, segment_ids=list(said))
        return {
            SegmentId(row.id)
            for row in found
            if searched_text(row.headings, row.content) == said[SegmentId(row.id)]
        }

    async def mark_indexed(self, segment_ids: Sequence[SegmentId]) -> None:
        """They can be found now; called in the transaction that fills the indexes."""
        if segment_ids:
            await self._run(statements.MARK_INDEXED, segment_ids=list(segment_ids))

    async def count(self, document_id: DocumentId) -> tuple[int, int]:
        """Segments that are searched in all, and those of them that are indexed."""
        row = (await self._run(statements.COUNT, document_id=document_id)).one()
        return row.searched, row.indexed

    async def findable(self, document_ids: Collection[DocumentId]) -> Collection[DocumentId]:
        """Those of the documents of which there are words in the index."""
        found = await self._run(statements.FINDABLE, document_ids=list(document_ids))
        return {DocumentId(each) for each in found.scalars()}

    async def unindex_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Let every segment be embedded anew; until then it is found by its words only."""
        await self._vectors.remove_knowledge(knowledge_id)
        last = _BEFORE_ALL
        while True:
            found = await self._run(
                statements.UNINDEX_SOME_OF_KNOWLEDGE,
                knowledge_id=knowledge_id,
                after=last,
                most=_UNMARKED_AT_ONCE,
            )
            ids = [*found.scalars()]
            if len(ids) < _UNMARKED_AT_ONCE:
                return
            last = max(ids)

    async def next_position(self, document_id: DocumentId) -> int:
        """The position behind the last segment of the document."""
        found = await self._run(statements.NEXT_POSITION, document_id=document_id)
        return found.scalar() or 1

    async def replace_children(
        self, segment_id: SegmentId, children: Sequence[ChildDraft]
    ) -> Sequence[SegmentId]:
        """Put children in the place of those that the segment has; they are not indexed yet."""
        parent = await self._find(segment_id)
        former = await self._children(segment_id)
        await self._forget(parent.knowledge_id, former)
        await self._run(statements.REMOVE, segment_ids=list(former))
        draft = SegmentDraft(
            position=0,
            content="",
            content_hash=b"",
            occurrence=0,
            tokens=0,
            first_page=parent.first_page,
            last_page=parent.last_page,
            headings=tuple(parent.headings),
            children=tuple(children),
        )
        rows = _children_of(draft, parent.id)
        await self._keep(parent.knowledge_id, parent.document_id, parent.round, rows)
        await self._run(
            statements.ENABLE_CHILDREN, segment_id=segment_id, enabled=parent.is_enabled
        )
        return [SegmentId(row.id) for row in rows]

    async def set_enabled(self, segment_id: SegmentId, enabled: bool) -> None:
        """Let searches find the segment's children, or itself, or not find them."""
        segment = await self._find(segment_id)
        ids = [segment_id, *await self._children(segment_id)]
        await self._run(statements.ENABLE_CHILDREN, segment_id=segment_id, enabled=enabled)
        await self._vectors.set_enabled(segment.knowledge_id, ids, enabled)
        await self._keywords.set_enabled(segment.knowledge_id, ids, enabled)

    async def remove(self, segment_id: SegmentId) -> None:
        """Remove the segment with its children and their index."""
        segment = await self._find(segment_id)
        ids = [segment_id, *await self._children(segment_id)]
        await self._forget(segment.knowledge_id, ids)
        await self._run(statements.REMOVE, segment_ids=ids)

    async def _find(self, segment_id: SegmentId) -> Any:
        found = (await self._run(statements.SEGMENT, segment_id=segment_id)).one_or_none()
        if found is None:
            raise SegmentNotFound
        return found

    async def _children(self, segment_id: SegmentId) -> Sequence[SegmentId]:
        found = await self._run(statements.CHILDREN, segment_id=segment_id)
        return [SegmentId(each) for each in found.scalars()]

    async def _keep(
        self,
        knowledge_id: KnowledgeId,
        document_id: DocumentId,
        round: int | None,
        rows: Sequence[_NewRow],
    ) -> Sequence[Any]:
        """Write the rows; the ids that they have now, with hash and occurrence."""
        stored = await self._run(
            statements.KEEP,
            knowledge_id=knowledge_id,
            document_id=document_id,
            round=round,
            **_columns(rows),
        )
        return list(stored)

    async def _remove(self, document_id: DocumentId, ids: Sequence[UUID]) -> int:
        if ids:
            knowledge_id = await self._knowledge_of(document_id)
            await self._forget(knowledge_id, ids)
            await self._run(statements.REMOVE, segment_ids=list(ids))
        return len(ids)

    async def _forget(self, knowledge_id: KnowledgeId, ids: Sequence[UUID]) -> None:
        if ids:
            segment_ids = [SegmentId(each) for each in ids]
            await self._vectors.remove(knowledge_id, segment_ids)
            await self._keywords.remove(knowledge_id, segment_ids)

    async def _knowledge_of(self, document_id: DocumentId) -> KnowledgeId:
        found = (await self._run(statements.KNOWLEDGE_OF, document_id=document_id)).scalar()
        if found is None:
            raise DocumentNotFound
        return KnowledgeId(found)

    async def _run(self, statement: Any, **parameters: object) -> Any:
        return await self._session.execute(
            statement, {"tenant_id": self._scope.tenant_id, **parameters}
        )


def _row_of(draft: SegmentDraft) -> _NewRow:
    return _NewRow(
        id=new_id(),
        parent_id=None,
        draft=draft,
        has_children=bool(draft.children),
        position=draft.position,
        content=draft.content,
        content_hash=draft.content_hash,
        occurrence=draft.occurrence,
        tokens=draft.tokens,
    )


def _children_of(draft: SegmentDraft, parent_id: UUID) -> Sequence[_NewRow]:
    seen: Counter[bytes] = Counter()
    rows = []
    for position, child in enumerate(draft.children, start=1):
        rows.append(
            _NewRow(
                id=new_id(),
                parent_id=parent_id,
                draft=draft,
                has_children=False,
                position=position,
                content=child.content,
                content_hash=child.content_hash,
                occurrence=seen[child.content_hash],
                tokens=child.tokens,
            )
        )
        seen[child.content_hash] += 1
    return rows


def _columns(rows: Sequence[_NewRow]) -> dict[str, object]:
    return {
        "ids": [row.id for row in rows],
        "parent_ids": [row.parent_id for row in rows],
        "have_children": [row.has_children for row in rows],
        "positions": [row.position for row in rows],
        "contents": [row.content for row in rows],
        "hashes": [row.content_hash for row in rows],
        "occurrences": [row.occurrence for row in rows],
        "tokens": [row.tokens for row in rows],
        "first_pages": [row.draft.first_page for row in rows],
        "last_pages": [row.draft.last_page for row in rows],
        "headings": [orjson.dumps(row.draft.headings).decode() for row in rows],
    }
