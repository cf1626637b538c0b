"""The containers of a run that are under way, folded from their events."""

from collections.abc import Mapping
from typing import assert_never, cast

from dify_hex.domain.shared.ids import AppId, NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.agenda import Agenda
from dify_hex.domain.workflow.container_events import (
    ContainerEvent,
    IterationFailed,
    IterationItem,
    IterationStarted,
    IterationSucceeded,
    LoopFailed,
    LoopRound,
    LoopStarted,
    LoopSucceeded,
    SubWorkflowStarted,
)
from dify_hex.domain.workflow.containers import Container, Iteration, LinkedWorkflow, Loop
from dify_hex.domain.workflow.frame import Frame, NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT, SYSTEM


class Rounds:
    """Opens a frame for each round, and tells the container how the round came out."""

    def __init__(
        self, agenda: Agenda, linked: Mapping[str, Graph], secrets: Mapping[AppId, JsonObject]
    ) -> None:
        self._agenda = agenda
        self._linked = linked
        self._secrets = secrets
        self._iterations: dict[NodeAddress, Iteration] = {}
        self._loops: dict[NodeAddress, Loop] = {}
        self._workflows: dict[NodeAddress, LinkedWorkflow] = {}

    def get(self, address: NodeAddress) -> Container | None:
        """The container, as long as it is open."""
        return (
            self._iterations.get(address)
            or self._loops.get(address)
            or self._workflows.get(address)
        )

    def close(self, address: NodeAddress) -> None:
        """Forget a container that has ended, or is to begin anew, with all its rounds."""
        if self.get(address) is None:
            return
        for containers in (self._iterations, self._loops, self._workflows):
            containers.pop(address, None)
        self._agenda.unsettled.pop(address, None)
        self._forget(self._agenda.discard_rounds(address))

    def succeeded(self, frame: Frame) -> None:
        """Tell the container of a frame that it came to its end."""
        self._container_of(frame).take_result(frame)

    def failed(self, frame: Frame, error: RunError) -> None:
        """Give a round up, and tell its container why."""
        self._forget(self._agenda.discard_round(frame.id))
        self._container_of(frame).take_failure(frame.index, error)

    def broken(self, frame: Frame) -> None:
        """End the loop of a frame at once."""
        self._forget(self._agenda.discard_round(frame.id))
        cast("Loop", self._container_of(frame)).break_out()

    def apply(self, event: ContainerEvent) -> None:
        """Fold one event of a container in."""
        address = NodeAddress(event.frame, event.node_id)
        frame = self._agenda.frames[event.frame]
        self._agenda.unsettled[address] = None
        match event:
            case IterationStarted():
                self._open_iteration(address, frame)
            case IterationItem():
                self._begin_item(address, frame, event.index)
            case IterationSucceeded() | IterationFailed():
                self._iterations[address].end()
            case LoopStarted():
                self._open_loop(address, frame, event)
            case LoopRound():
                self._begin_round(address, frame, event.index)
            case LoopSucceeded() | LoopFailed():
                self._loops[address].end()
            case SubWorkflowStarted():
                self._open_workflow(address, frame, event)
            case _:
                assert_never(event)

    def _container_of(self, frame: Frame) -> Container:
        """The container that a frame is a round of; what has become of the round moves it on."""
        address = cast("NodeAddress", frame.container)
        self._agenda.unsettled[address] = None
        return cast("Container", self.get(address))

    def _open_iteration(self, address: NodeAddress, frame: Frame) -> None:
        config = cast("IterationConfig", frame.graph.node(address.node_id).config)
        items = cast("list[JsonValue]", frame.variables.get(config.iterator_selector))
        self._iterations[address] = Iteration(address, config, items)

    def _begin_item(self, address: NodeAddress, frame: Frame, index: int) -> None:
        variables = frame.variables.inner()
        item = self._iterations[address].begin_item(index)
        variables.put(address.node_id, {"item": item, "index": index})
        self._begin(address, frame, index, variables)

    def _open_loop(self, address: NodeAddress, frame: Frame, event: LoopStarted) -> None:
        config = cast("LoopConfig", frame.graph.node(address.node_id).config)
        variables = frame.variables.inner()
        variables.put(address.node_id, event.variables)
        self._loops[address] = Loop(address, config, variables)

    def _begin_round(self, address: NodeAddress, frame: Frame, index: int) -> None:
        loop = self._loops[address]
        loop.begin_round()
        self._begin(address, frame, index, loop.variables.inner())

    def _open_workflow(self, address: NodeAddress, frame: Frame, event: SubWorkflowStarted) -> None:
        graph = self._linked[event.graph_hash]
        variables = VariablePool()
        variables.put(SYSTEM, frame.variables.of(SYSTEM))
        secrets = self._secrets.get(event.app_id, {})
        variables.put(ENVIRONMENT, graph.environment_values(secrets))
        self._workflows[address] = LinkedWorkflow(address)
        inner = Frame(
            id=address.inner_frame(0),
            graph=graph,
            scope=None,
            variables=variables,
            container=address,
            links=(*frame.links, event.app_id),
        )
        inner.inputs = event.inputs
        self._agenda.add(inner)

    def _begin(
        self, address: NodeAddress, outer: Frame, index: int, variables: VariablePool
    ) -> None:
        self._agenda.add(
            Frame(
                id=address.inner_frame(index),
                graph=outer.graph,
                scope=address.node_id,
                variables=variables,
                container=address,
                index=index,
                outermost=outer.outermost or _outermost(address, outer),
                links=outer.links,
            )
        )

    def _forget(self, frames: frozenset[str]) -> None:
        for containers in (self._iterations, self._loops, self._workflows):
            for address in [each for each in containers if each.frame in frames]:
                del containers[address]


def _outermost(address: NodeAddress, outer: Frame) -> NodeId | None:
    # What is said inside of a linked workflow is not for the readers of this run.
    return address.node_id if outer.container is None else None
