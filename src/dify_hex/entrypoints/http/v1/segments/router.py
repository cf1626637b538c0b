"""The routes of segments: looking, adding, editing, switching, deleting."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from dify_hex.application.knowledge.add_segment import AddSegment, AddSegmentCommand
from dify_hex.application.knowledge.delete_segment import DeleteSegment, DeleteSegmentCommand
from dify_hex.application.knowledge.edit_segment import EditSegment, EditSegmentCommand
from dify_hex.application.knowledge.segment_views import SegmentFilter, SegmentsReader
from dify_hex.application.knowledge.switch_segment import SwitchSegment, SwitchSegmentCommand
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.segment_errors import (
    KnowledgeVectorsUnavailable,
    SegmentContentInvalid,
    SegmentHasParent,
    SegmentNotFound,
    VectorDimensionMismatch,
)
from dify_hex.domain.model_provider.errors import ModelUnavailable
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import DocumentId, SegmentId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    created,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.segments.schemas import SegmentContentRequest, SegmentResponse

router = APIRouter(tags=["Segments"])

Reader = Annotated[SegmentsReader, Inject(SegmentsReader)]
Viewer = Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)]
Editor = Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE)]
Switch = Annotated[SwitchSegment, Inject(SwitchSegment)]
_INDEXING = (
    SegmentContentInvalid,
    StaleVersion,
    ModelUnavailable,
    KnowledgeVectorsUnavailable,
    VectorDimensionMismatch,
)
_CHANGED = errors(SegmentNotFound, SegmentHasParent, StaleVersion)


@router.get(
    "/v1/documents/{document_id}/segments",
    response_model=PageEnvelope[SegmentResponse],
    responses=errors(DocumentNotFound),
)
async def list_segments(
    document_id: UUID,
    actor: Viewer,
    reader: Reader,
    page: Annotated[PageRequest, Paging(sortable=("position",), default="position")],
    enabled: bool | None = None,
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the content, in either case.")
    ] = None,
) -> Response:
    """The segments of a document, in its order; children stand inside of their parents."""
    wanted = SegmentFilter(is_enabled=enabled, q=q)
    found = await reader.list_segments(actor.tenant_id, DocumentId(document_id), page, wanted)
    return page_of(found, map(SegmentResponse.of, found.items))


@router.post(
    "/v1/documents/{document_id}/segments",
    status_code=201,
    response_model=Envelope[SegmentResponse],
    responses=errors(DocumentNotFound, *_INDEXING),
)
async def add_segment(
    document_id: UUID,
    body: SegmentContentRequest,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE, idempotent=True)],
    reader: Reader,
    use_case: Annotated[AddSegment, Inject(AddSegment)],
) -> Response:
    """Add a segment behind the last one; it can be found at once, and survives a re-index."""
    command = AddSegmentCommand(document_id=DocumentId(document_id), content=body.content)
    segment_id = await use_case.execute(actor, command)
    segment = await reader.get_segment(actor.tenant_id, segment_id)
    return created(
        SegmentResponse.of(segment),
        location=f"/v1/segments/{segment_id}",
        version=segment.version,
    )


@router.get(
    "/v1/segments/{segment_id}",
    response_model=Envelope[SegmentResponse],
    responses=errors(SegmentNotFound),
)
async def show_segment(segment_id: UUID, actor: Viewer, reader: Reader) -> Response:
    """One segment, or a child by itself."""
    return await _shown(actor, reader, segment_id)


@router.patch(
    "/v1/segments/{segment_id}",
    response_model=Envelope[SegmentResponse],
    responses=errors(SegmentNotFound, SegmentHasParent, *_INDEXING),
)
async def edit_segment(
    segment_id: UUID,
    body: SegmentContentRequest,
    expected: ExpectedVersion,
    actor: Editor,
    reader: Reader,
    use_case: Annotated[EditSegment, Inject(EditSegment)],
) -> Response:
    """Let a segment say something else; what it is found by changes with it.

    Its children are cut anew. A re-index keeps the change while the document itself is unchanged.
    """
    command = EditSegmentCommand(
        segment_id=SegmentId(segment_id), content=body.content, expected_version=expected
    )
    await use_case.execute(actor, command)
    return await _shown(actor, reader, segment_id)


@router.delete("/v1/segments/{segment_id}", status_code=204, responses=_CHANGED)
async def delete_segment(
    segment_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_DELETE)],
    use_case: Annotated[DeleteSegment, Inject(DeleteSegment)],
) -> Response:
    """Delete a segment with its children; a re-index brings it back, so rather disable it."""
    command = DeleteSegmentCommand(segment_id=SegmentId(segment_id), expected_version=expected)
    await use_case.execute(actor, command)
    return no_content()


@router.post(
    "/v1/segments/{segment_id}/enable",
    response_model=Envelope[SegmentResponse],
    responses=_CHANGED,
)
async def enable_segment(
    segment_id: UUID, expected: ExpectedVersion, actor: Editor, reader: Reader, use_case: Switch
) -> Response:
    """Let searches find the segment again."""
    await _switch(actor, use_case, segment_id, expected, enabled=True)
    return await _shown(actor, reader, segment_id)


@router.post(
    "/v1/segments/{segment_id}/disable",
    response_model=Envelope[SegmentResponse],
    responses=_CHANGED,
)
async def disable_segment(
    segment_id: UUID, expected: ExpectedVersion, actor: Editor, reader: Reader, use_case: Switch
) -> Response:
    """Let no search find the segment; it stays as it is, also when the document is read again."""
    await _switch(actor, use_case, segment_id, expected, enabled=False)
    return await _shown(actor, reader, segment_id)


async def _switch(
    actor: Actor, use_case: SwitchSegment, segment_id: UUID, expected: int | None, *, enabled: bool
) -> None:
    command = SwitchSegmentCommand(
        segment_id=SegmentId(segment_id), enabled=enabled, expected_version=expected
    )
    await use_case.execute(actor, command)


async def _shown(actor: Actor, reader: SegmentsReader, segment_id: UUID) -> Response:
    segment = await reader.get_segment(actor.tenant_id, SegmentId(segment_id))
    return ok(SegmentResponse.of(segment), version=segment.version)
