"""The route that tries out what a Knowledge finds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.knowledge.retrieve_segments import RetrieveSegments
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.retrieval.errors import (
    RetrievalOverridesInvalid,
    RetrievalQueryInvalid,
    RetrievalTimedOut,
)
from dify_hex.domain.knowledge.segment_errors import (
    KnowledgeVectorsUnavailable,
    MetadataFilterInvalid,
)
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBadRequest,
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelRateLimited,
    ModelTimeout,
    ModelTypeMismatch,
    ModelUnavailable,
)
from dify_hex.entrypoints.http.envelope import Envelope, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.knowledge.retrieval_schemas import (
    RetrievedResponse,
    RetrieveRequest,
)

router = APIRouter(prefix="/v1/knowledge", tags=["Knowledge"])


@router.post(
    "/{knowledge_id}/retrieve",
    response_model=Envelope[RetrievedResponse],
    responses=errors(
        KnowledgeNotFound,
        RetrievalQueryInvalid,
        RetrievalOverridesInvalid,
        RetrievalTimedOut,
        MetadataFilterInvalid,
        KnowledgeVectorsUnavailable,
        ModelProviderNotFound,
        ModelProviderIsDisabled,
        ModelNotFound,
        ModelTypeMismatch,
        ModelAuthenticationFailed,
        ModelBadRequest,
        ModelRateLimited,
        ModelTimeout,
        ModelUnavailable,
    ),
)
async def retrieve_segments(
    knowledge_id: UUID,
    body: RetrieveRequest,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)],
    use_case: Annotated[RetrieveSegments, Inject(RetrieveSegments)],
) -> Response:
    """Find the passages that an App would be given for a question.

    `settings` count for this question only. With `explain` the answer tells the candidates of each
    index, and how fusion, reranking, threshold and number have made the passages out of them.
    """
    retrieved = await use_case.execute(actor, body.to_command(knowledge_id))
    return ok(RetrievedResponse.of(retrieved, explain=body.explain))
