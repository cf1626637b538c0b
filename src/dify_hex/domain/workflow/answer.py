"""The text of a message while it comes into being: which parts of it may be shown already."""

from dataclasses import dataclass

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.frame import ROOT, NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.readiness import is_certain
from dify_hex.domain.workflow.graph.traversal import topological_order
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import NodeStatus
from dify_hex.domain.workflow.variables.measure import MAX_OUTCOME
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The place of what the answer nodes inside of a container say."""

    container: NodeId


_Part = str | Selector | _Spoken


class Answer:
    """Concatenates a run's answer nodes, as early as each character is certain.

    Answer nodes follow each other in the graph's order. A reference to a node that still streams
    lets its text through while it arrives, after what the node has said before its turn; what is
    said inside of a container comes at the container's place, an answer node at a time. A variable
    of the conversation may still change, so from there on the text is known when the answer node
    has run. `advance` and `feed` return what is new; when a node that was streaming turns out to
    say something else, `reset_needed` is true and `text` is the whole truth.
    """

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._remaining = _parts(run.graph)
        self._settled: list[str] = []
        self._length = 0
        self._streaming: list[str] = []
        #: What nodes say whose turn is still to come; only of those whose text an answer shows.
        self._early: dict[NodeId, list[str]] = {
            part.node_id: []
            for _, parts in self._remaining
            for part in parts
            if isinstance(part, Selector) and part == _text_of(part.node_id)
        }
        #: How much of what a container says has been shown.
        self._heard = 0
        #: Whose text is due; known until something else in the run changes.
        self._feeder: NodeId | None = None
        #: The answer node that is certain to run; once certain it stays so.
        self._certain: NodeId | None = None
        #: How many characters of the present answer node have been shown.
        self._told = 0
        self.reset_needed = False

    @property
    def text(self) -> str:
        """Everything shown so far."""
        return "".join(self._settled) + "".join(self._streaming)

    @property
    def overflowed(self) -> bool:
        """Whether the text is longer than any may be; nothing more is added to it."""
        return self._length > MAX_OUTCOME

    def feed(self, address: NodeAddress, text: str) -> str:
        """New text of a node's `text` output; returns what of it may be shown now."""
        if address.frame != ROOT:
            return ""
        if address.node_id != self._feeder:
            if self._current() != _text_of(address.node_id):
                if address.node_id in self._early:
                    self._early[address.node_id].append(text)
                return ""
            self._feeder = address.node_id
            text = self._take_up(_text_of(address.node_id)) + text
        self._streaming.append(text)
        return text

    def advance(self) -> str:
        """Show everything that has become certain; returns what is new."""
        self._feeder = None
        shown: list[str] = []
        while not self.overflowed and (part := self._current()) is not None:
            if isinstance(part, _Spoken):
                shown.append(self._hear(part.container))
                if self._is_open(part.container):
                    break
                self._heard = 0
                self._remaining[0][1].pop(0)
            elif isinstance(part, str):
                shown.append(part)
                self._settle(part)
            elif part.node_id == CONVERSATION:
                rest = self._rest_of_answer()
                if rest is None:
                    break
                shown.append(rest)
            else:
                try:
                    value = self._run.variables.get(part)
                except VariableMissing:
                    # Not there yet; if it never comes, the answer node itself will say so.
                    if early := self._take_up(part):
                        self._streaming.append(early)
                        shown.append(early)
                    break
                shown.append(self._settle_value(as_text(value)))
        return "".join(shown)

    def withdraw(self, address: NodeAddress) -> None:
        """Take back what a node has streamed, because its attempt came to nothing."""
        self._feeder = None
        if address.frame == ROOT and address.node_id in self._early:
            self._early[address.node_id].clear()
        part = self._current()
        if (
            self._streaming
            and address.frame == ROOT
            and isinstance(part, Selector)
            and part.node_id == address.node_id
        ):
            self._streaming.clear()
            self.reset_needed = True

    def _current(self) -> _Part | None:
        while self._remaining:
            node_id, parts = self._remaining[0]
            node = self._run.nodes.get(node_id)
            skipped = node is not None and node.status is NodeStatus.SKIPPED
            if skipped or not parts:
                self._remaining.pop(0)
                self._told = 0
                continue
            if self._certain != node_id:
                if not is_certain(self._run.graph, node_id, self._run.nodes):
                    return None
                self._certain = node_id
            return parts[0]
        return None

    def _is_open(self, container: NodeId) -> bool:
        node = self._run.nodes.get(container)
        return node is None or node.left_by is None

    def _hear(self, container: NodeId) -> str:
        said = self._run.spoken_in(container)[self._heard :]
        self._heard += len(said)
        self._settled.extend(said)
        self._length += sum(map(len, said))
        return "".join(said)

    def _rest_of_answer(self) -> str | None:
        """What the answer node has put out and was not shown yet; None until it has run."""
        node_id, parts = self._remaining[0]
        node = self._run.nodes.get(node_id)
        if node is None or node.status is not NodeStatus.SUCCEEDED:
            return None
        rest = str(node.outputs["answer"])[self._told :]
        self._settled.append(rest)
        self._length += len(rest)
        parts.clear()
        return rest

    def _take_up(self, part: Selector) -> str:
        """What the node that the text waits for has said before it was its turn."""
        if part != _text_of(part.node_id):
            return ""
        early = self._early[part.node_id]
        said = "".join(early)
        early.clear()
        return said

    def _settle(self, text: str) -> None:
        self._settled.append(text)
        self._length += len(text)
        self._told += len(text)
        self._remaining[0][1].pop(0)

    def _settle_value(self, value: str) -> str:
        streamed = "".join(self._streaming)
        self._streaming.clear()
        self._settle(value)
        if value.startswith(streamed):
            return value[len(streamed) :]
        self.reset_needed = True
        return ""


def _text_of(node_id: NodeId) -> Selector:
    return Selector(node_id, "text")


def _parts(graph: Graph) -> list[tuple[NodeId, list[_Part]]]:
    # By its name, since every run asks this of every node.
    if not any(node.config.type == AnswerConfig.type for node in graph.nodes):
        return []
    speaking = _containers_that_speak(graph)
    found: list[tuple[NodeId, list[_Part]]] = []
    for node_id in topological_order(graph):
        node = graph.node(node_id)
        if node.parent is not None:
            continue
        if node_id in speaking:
            found.append((node_id, [_Spoken(node_id)]))
        elif isinstance(node.config, AnswerConfig):
            found.append((node_id, list(node.config.template.segments)))
    return found


def _containers_that_speak(graph: Graph) -> set[NodeId]:
    speaking: set[NodeId] = set()
    for node in graph.nodes:
        if isinstance(node.config, AnswerConfig) and node.parent is not None:
            outermost = graph.node(node.parent)
            while outermost.parent is not None:
                outermost = graph.node(outermost.parent)
            speaking.add(outermost.id)
    return speaking
