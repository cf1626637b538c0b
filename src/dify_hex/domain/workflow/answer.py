"""The text of a message while it comes into being: which parts of it may be shown already."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.graph.readiness import is_certain
from dify_hex.domain.workflow.graph.traversal import topological_order
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import NodeStatus
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Segment


class Answer:
    """Concatenates a run's answer nodes, as early as each character is certain.

    Answer nodes follow each other in the graph's order. A reference to a node that still streams
    lets its text through while it arrives. `advance` and `feed` return what is new; when a node
    that was streaming turns out to say something else, `reset_needed` is true and `text` is the
    whole truth.
    """

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._remaining: list[tuple[NodeId, list[Segment]]] = []
        for node_id in topological_order(run.graph):
            config = run.graph.node(node_id).config
            if isinstance(config, AnswerConfig):
                self._remaining.append((node_id, list(config.template.segments)))
        self._settled: list[str] = []
        self._streaming: list[str] = []
        #: Whose text is due; known until something else in the run changes.
        self._feeder: NodeId | None = None
        self.reset_needed = False

    @property
    def text(self) -> str:
        """Everything shown so far."""
        return "".join(self._settled) + "".join(self._streaming)

    def feed(self, node_id: NodeId, text: str) -> str:
        """New text of a node's `text` output; returns what of it may be shown now."""
        if node_id != self._feeder:
            if self._current() != Selector(node_id, "text"):
                return ""
            self._feeder = node_id
        self._streaming.append(text)
        return text

    def advance(self) -> str:
        """Show everything that has become certain; returns what is new."""
        self._feeder = None
        shown: list[str] = []
        while (segment := self._current()) is not None:
            if isinstance(segment, str):
                shown.append(segment)
                self._settle(segment)
                continue
            try:
                value = self._run.variables.get(segment)
            except VariableMissing:
                # Not there yet; if it never comes, the answer node itself will say so.
                break
            shown.append(self._settle_value(as_text(value)))
        return "".join(shown)

    def withdraw(self, node_id: NodeId) -> None:
        """Take back what a node has streamed, because its attempt came to nothing."""
        self._feeder = None
        segment = self._current()
        if self._streaming and isinstance(segment, Selector) and segment.node_id == node_id:
            self._streaming.clear()
            self.reset_needed = True

    def _current(self) -> Segment | None:
        while self._remaining:
            node_id, segments = self._remaining[0]
            node = self._run.nodes.get(node_id)
            skipped = node is not None and node.status is NodeStatus.SKIPPED
            if skipped or not segments:
                self._remaining.pop(0)
                continue
            if not is_certain(self._run.graph, node_id, self._run.nodes):
                return None
            return segments[0]
        return None

    def _settle(self, text: str) -> None:
        self._settled.append(text)
        self._remaining[0][1].pop(0)

    def _settle_value(self, value: str) -> str:
        streamed = "".join(self._streaming)
        self._streaming.clear()
        self._settle(value)
        if value.startswith(streamed):
            return value[len(streamed) :]
        self.reset_needed = True
        return ""
