"""What can be wrong with segments and with the indexes that find them."""

from dify_hex.domain.shared.errors import Conflict, InvalidInput, NotFound, Unavailable, Unsupported


class SegmentNotFound(NotFound):
    """The segment does not exist."""

    code = "segment_not_found"


class SegmentContentInvalid(InvalidInput):
    """A segment needs some text, and not more than may be in one."""

    code = "segment_content_invalid"


class SegmentHasParent(Conflict):
    """The segment is a part of another one; change that instead."""

    code = "segment_has_parent"


class MetadataFilterInvalid(InvalidInput):
    """The condition on the metadata makes no sense."""

    code = "metadata_filter_invalid"


class VectorDimensionMismatch(Conflict):
    """The vector is of another length than those of the Knowledge, which has to be indexed anew."""

    code = "knowledge_vector_dimension_mismatch"


class VectorTooLong(Unsupported):
    """The embedding model makes vectors that are longer than can be kept."""

    code = "knowledge_vector_too_long"


class KnowledgeVectorsUnavailable(Unavailable):
    """The database cannot search by meaning, as its extension pgvector is missing."""

    code = "knowledge_vectors_unavailable"
