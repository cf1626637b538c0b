"""Adding a segment to a document by hand."""

from dataclasses import dataclass
from hashlib import sha256

from dify_hex.application.knowledge.segment_indexing import SegmentIndexing
from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.segmentation.unit import Measure
from dify_hex.domain.knowledge.stored_segment import Segment, checked_content
from dify_hex.domain.shared.ids import DocumentId, SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSegmentCommand:
    """Which document gets what text."""

    document_id: DocumentId
    content: str


class AddSegment:
    """Adds a segment behind the last one of a document.

    - It can be found as soon as it is there; when it cannot be embedded, it is not there.
    - It is searched itself, also where other segments have children.
    - Reading the document again leaves it as it is.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[SegmentWork],
        clock: Clock,
        indexing: SegmentIndexing,
        measure: Measure,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._indexing = indexing
        self._measure = measure

    async def execute(self, actor: Actor, command: AddSegmentCommand) -> SegmentId:
        """Add it; its id.

        Raises:
            DocumentNotFound: there is no such document.
            SegmentContentInvalid: there is no text in it, or too much.
            StaleVersion: the embedding model of the Knowledge has changed meanwhile.
            DomainError: those of a model call.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            document = await work.documents.get(command.document_id)
            knowledge = await work.knowledge.get(document.knowledge_id)
        content = checked_content(command.content)
        model = knowledge.state.settings.embedding
        prepared = await self._indexing.prepare(actor.tenant_id, model, [content])
        async with self._begin(actor.tenant_id) as work:
            document = await work.documents.hold(command.document_id)
            segment = Segment.add(
                id=SegmentId(new_id()),
                tenant_id=actor.tenant_id,
                knowledge_id=document.knowledge_id,
                document_id=document.id,
                position=await work.segments.next_position(document.id),
                content=content,
                source_hash=sha256(content.encode()).digest(),
                tokens=self._measure(content),
                now=self._clock.now(),
            )
            await work.single_segments.add(segment)
            await self._indexing.store(
                work, document.knowledge_id, document.id, [segment.id], prepared
            )
            await work.commit()
        return segment.id
