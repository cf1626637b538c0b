"""How much a Knowledge may hold, as an operator has set it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeLimits:
    """How many documents one Knowledge may have; how large each may be is a limit of its file."""

    max_documents: int = 50_000
