"""The Knowledge that an app answers from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource, source_faults
from dify_hex.domain.shared.values.metadata_conditions import (
    MAX_CONDITIONS,
    MetadataConditions,
)
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeUse:
    """Which Knowledge, what counts in place of its settings, and which documents count.

    A chat searches for what the end user says; a completion for the value of `query_variable`, one
    of the prompt's variables.
    """

    sources: tuple[KnowledgeSource, ...]
    retrieval: RetrievalOverrides = field(default_factory=RetrievalOverrides)
    filters: MetadataConditions = field(default_factory=MetadataConditions)
    query_variable: str = ""

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is wrong with it by itself, but for the query variable."""
        yield from source_faults(self.sources, f"{path}.sources")
        yield from self.retrieval.faults(f"{path}.retrieval")
        yield from self.filters.faults(f"{path}.filters")
        for index, condition in enumerate(self.filters.conditions):
            if isinstance(condition.value, str) and "{{#" in condition.value:
                yield Fault(
                    code="condition_value_invalid",
                    path=f"{path}.filters.conditions.{index}.value",
                    message="Compare with a constant; only graphs have variables to refer to.",
                )
        if len(self.filters.conditions) > MAX_CONDITIONS:
            yield Fault(
                code="metadata_conditions_count",
                path=f"{path}.filters.conditions",
                message=f"Write at most {MAX_CONDITIONS} conditions.",
            )
