"""What can be wrong with a retrieval."""

from collections.abc import Sequence

from dify_hex.domain.shared.errors import InvalidInput, Unavailable
from dify_hex.domain.shared.values.fault import Fault


class RetrievalQueryInvalid(InvalidInput):
    """Ask for something: the query is empty, or too long."""

    code = "knowledge_query_invalid"


class RetrievalOverridesInvalid(InvalidInput):
    """These settings of a search cannot be used."""

    code = "knowledge_retrieval_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class RetrievalTimedOut(Unavailable):
    """The search took too long."""

    code = "knowledge_search_timeout"
