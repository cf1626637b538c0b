"""Containers under way: what of their rounds is done, and what follows."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.container_events import (
    ContainerEvent,
    IterationFailed,
    IterationItem,
    IterationSucceeded,
    LoopFailed,
    LoopRound,
    LoopSucceeded,
)
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.frame import Frame, NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.iteration import ItemErrors, IterationConfig
from dify_hex.domain.workflow.nodes.loop import ROUNDS, LoopConfig
from dify_hex.domain.workflow.statuses import LoopEnding
from dify_hex.domain.workflow.variables.pool import VariablePool

#: What a container does next: tell of something, succeed, fail; None while it has to wait.
NextStep = ContainerEvent | NodeOutcome | RunError | None


class Container(Protocol):
    """An open iteration, loop or linked workflow. Each step is asked for until there is none."""

    @abstractmethod
    def next_step(self, now: datetime) -> NextStep:
        """What follows from how far the rounds have come."""

    @abstractmethod
    def take_result(self, frame: Frame) -> None:
        """A round has come to its end."""

    @abstractmethod
    def take_failure(self, index: int, error: RunError) -> None:
        """A round has failed; nothing of it goes on."""


class Iteration(Container):
    """Begins items while there is room, and collects their results in the items' order."""

    def __init__(
        self, address: NodeAddress, config: IterationConfig, items: Sequence[JsonValue]
    ) -> None:
        self.address = address
        self.items = items
        self._config = config
        self._begun = 0
        self._open = 0
        self._results: dict[int, JsonValue] = {}
        self._failed = 0
        self._failure: tuple[int, RunError] | None = None
        self._ended = False

    def begin_item(self, index: int) -> JsonValue:
        """Count an item in; returns it."""
        self._begun = index + 1
        self._open += 1
        return self.items[index]

    def end(self) -> None:
        """Note that the end has been told."""
        self._ended = True

    def take_result(self, frame: Frame) -> None:
        """Keep what is collected of an item; what it has not put out is null."""
        self._open -= 1
        try:
            self._results[frame.index] = frame.variables.get(self._config.output_selector)
        except VariableMissing:
            self._results[frame.index] = None

    def take_failure(self, index: int, error: RunError) -> None:
        """End with the item, leave it empty, or leave it out, as configured."""
        self._open -= 1
        self._failed += 1
        if self._config.error_handle_mode is ItemErrors.TERMINATED:
            self._failure = self._failure or (index, error)
        elif self._config.error_handle_mode is ItemErrors.CONTINUE:
            self._results[index] = None

    def next_step(self, now: datetime) -> NextStep:
        """Another item, or the end once every item under way has come to its own."""
        node_id, frame = self.address.node_id, self.address.frame
        if self._failure is None and self._begun < len(self.items):
            if self._open >= self._config.at_a_time:
                return None
            return IterationItem(at=now, node_id=node_id, index=self._begun, frame=frame)
        if self._open:
            return None
        if self._failure is not None:
            index, error = self._failure
            if self._ended:
                return error
            return IterationFailed(at=now, node_id=node_id, index=index, error=error, frame=frame)
        if not self._ended:
            return IterationSucceeded(
                at=now,
                node_id=node_id,
                count=len(self.items),
                failed=self._failed,
                frame=frame,
            )
        return NodeOutcome(outputs={"output": self._collected()})

    def _collected(self) -> Sequence[JsonValue]:
        results = [self._results[index] for index in sorted(self._results)]
        lists = [result for result in results if isinstance(result, list | tuple)]
        if self._config.flatten_output and results and len(lists) == len(results):
            return [item for result in lists for item in result]
        return results


class Loop(Container):
    """Goes round until its conditions hold, somebody breaks out, or it was often enough."""

    def __init__(self, address: NodeAddress, config: LoopConfig, variables: VariablePool) -> None:
        self.address = address
        #: Holds the loop's own variables, around the pools of the rounds.
        self.variables = variables
        self._config = config
        self._seen = variables
        self._rounds = 0
        self._open = False
        self._broken = False
        self._failure: tuple[int, RunError] | None = None
        self._ended = False

    def begin_round(self) -> None:
        """Count a round in."""
        self._rounds += 1
        self._open = True

    def break_out(self) -> None:
        """End the loop with this round, which goes no further."""
        self._open = False
        self._broken = True

    def end(self) -> None:
        """Note that the end has been told."""
        self._ended = True

    def take_result(self, frame: Frame) -> None:
        """Remember the round's values for the conditions."""
        self._open = False
        self._seen = frame.variables

    def take_failure(self, index: int, error: RunError) -> None:
        """A round that fails ends the loop."""
        self._open = False
        self._failure = (index, error)

    def next_step(self, now: datetime) -> NextStep:
        """Another round, or the end."""
        if self._open:
            return None
        if self._ended:
            return self._outcome() if self._failure is None else self._failure[1]
        node_id, frame = self.address.node_id, self.address.frame
        try:
            reason = self._reason_to_end()
        except DomainError as error:
            reason = None
            self._failure = (self._rounds, RunError.of(error))
        if self._failure is not None:
            index, failure = self._failure
            return LoopFailed(at=now, node_id=node_id, index=index, error=failure, frame=frame)
        if reason is None:
            return LoopRound(at=now, node_id=node_id, index=self._rounds, frame=frame)
        return LoopSucceeded(
            at=now, node_id=node_id, rounds=self._rounds, reason=reason, frame=frame
        )

    def _reason_to_end(self) -> LoopEnding | None:
        if self._broken:
            return LoopEnding.BREAK
        if self._failure is None and self._conditions_hold():
            return LoopEnding.BREAK
        return LoopEnding.COMPLETED if self._rounds >= self._config.loop_count else None

    def _conditions_hold(self) -> bool:
        conditions = self._config.ends_when
        if conditions is None:
            return False
        try:
            return conditions.holds(self._seen)
        except VariableMissing:
            if self._rounds == 0:
                # What the children put out is not there before they have run.
                return False
            raise

    def _outcome(self) -> NodeOutcome:
        values = self.variables.of(self.address.node_id)
        return NodeOutcome(outputs={**values, ROUNDS: self._rounds})


class LinkedWorkflow(Container):
    """Runs another workflow's graph once, and puts out what that puts out."""

    def __init__(self, address: NodeAddress) -> None:
        self.address = address
        self._result: NodeOutcome | RunError | None = None

    def take_result(self, frame: Frame) -> None:
        """What the workflow's end nodes have put out."""
        self._result = NodeOutcome(outputs=final_outputs(frame))

    def take_failure(self, index: int, error: RunError) -> None:
        """The node fails as the workflow has."""
        del index
        self._result = error

    def next_step(self, now: datetime) -> NextStep:
        """Nothing until the workflow has ended."""
        del now
        return self._result


def final_outputs(frame: Frame) -> dict[str, JsonValue]:
    """What the end nodes of a frame have put out together."""
    outputs: dict[str, JsonValue] = {}
    for node_id, node in frame.nodes.items():
        if node.left_by is not None and frame.graph.node(node_id).config.type == "end":
            outputs.update(node.outputs)
    return outputs
