"""What an app does that somebody has drawn: a graph, and what it may use up."""

from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.app.errors import AppInputsInvalid
from dify_hex.domain.app.limits import FlowLimits, query_faults
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.app.opening_words import opening_faults
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.graph_document import GraphDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowConfiguration:
    """A graph that turns inputs into outputs.

    Here the graph is a text: a draft's may be unfinished, and what it means is known elsewhere.
    """

    mode: ClassVar[AppMode] = AppMode.WORKFLOW

    graph: GraphDocument
    limits: FlowLimits = field(default_factory=FlowLimits)
    durability: Durability = Durability.STRICT

    def own_faults(self) -> list[Fault]:
        """What keeps this from being published, but for the faults of the graph."""
        return list(self.limits.faults("limits"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatflowConfiguration:
    """A graph that answers what is said in a conversation.

    The opening statement and the suggested questions are what a client shows before the first
    message; the graph never sees them.
    """

    mode: ClassVar[AppMode] = AppMode.CHATFLOW

    graph: GraphDocument
    opening_statement: str = ""
    suggested_questions: tuple[str, ...] = ()
    limits: FlowLimits = field(default_factory=FlowLimits)
    durability: Durability = Durability.STRICT

    def own_faults(self) -> list[Fault]:
        """What keeps this from being published, but for the faults of the graph."""
        return [
            *opening_faults(self.opening_statement, self.suggested_questions),
            *self.limits.faults("limits"),
        ]

    def check_query(self, query: str) -> None:
        """Refuse what cannot be said to the app.

        Raises:
            AppInputsInvalid: with everything that is wrong with the query.
        """
        if faults := list(query_faults(query, self.limits.max_query_length)):
            raise AppInputsInvalid(faults)


FlowConfiguration = WorkflowConfiguration | ChatflowConfiguration
