"""The jobs that Knowledge asks for."""

from datetime import timedelta
from uuid import UUID

from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId
from dify_hex.domain.shared.values.json_value import JsonObject

INDEX_DOCUMENT = "index_document"
DELETE_DOCUMENT = "delete_document"
DELETE_KNOWLEDGE = "delete_knowledge"
REEMBED_KNOWLEDGE = "reembed_knowledge"

#: Some minutes without a model server are borne: each wait is twice the one before.
INDEXING_ATTEMPTS = 10
#: A text of two hundred megabytes keeps a small embedding model busy for so long.
_LONGEST = timedelta(hours=12)
_GRACE = timedelta(minutes=5)


def index_document(document_id: DocumentId, *, by: UUID | None) -> JobRequest:
    """Bring a document into the index.

    There is no key: whoever begins last replaces the others, and a document that needs nothing is
    left alone.
    """
    return JobRequest(
        kind=INDEX_DOCUMENT,
        arguments={"document_id": str(document_id)},
        requested_by=by,
        max_attempts=INDEXING_ATTEMPTS,
        soft_limit=_LONGEST,
        hard_limit=_LONGEST + _GRACE,
    )


def delete_document(document_id: DocumentId, *, by: UUID | None) -> JobRequest:
    """Remove what is left of a deleted document."""
    return JobRequest(
        kind=DELETE_DOCUMENT,
        arguments={"document_id": str(document_id)},
        requested_by=by,
        key=str(document_id),
        max_attempts=INDEXING_ATTEMPTS,
    )


def delete_knowledge(knowledge_id: KnowledgeId, *, by: UUID | None) -> JobRequest:
    """Remove what is left of a deleted Knowledge."""
    return JobRequest(
        kind=DELETE_KNOWLEDGE,
        arguments={"knowledge_id": str(knowledge_id)},
        requested_by=by,
        key=str(knowledge_id),
        max_attempts=INDEXING_ATTEMPTS,
        soft_limit=_LONGEST,
        hard_limit=_LONGEST + _GRACE,
    )


def reembed_knowledge(knowledge_id: KnowledgeId, *, by: UUID | None) -> JobRequest:
    """Empty the index of a Knowledge, and fill it with the vectors of its next model."""
    return JobRequest(
        kind=REEMBED_KNOWLEDGE,
        arguments={"knowledge_id": str(knowledge_id)},
        requested_by=by,
        max_attempts=INDEXING_ATTEMPTS,
    )


def document_of(arguments: JsonObject) -> DocumentId:
    """The document that a job is about."""
    return DocumentId(UUID(str(arguments["document_id"])))


def knowledge_of(arguments: JsonObject) -> KnowledgeId:
    """The Knowledge that a job is about."""
    return KnowledgeId(UUID(str(arguments["knowledge_id"])))
