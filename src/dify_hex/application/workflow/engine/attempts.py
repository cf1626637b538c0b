"""One attempt of a node: its context, its execution, and what came of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.node_executor import (
    LinkedGraph,
    NodeContext,
    NodeExecutors,
    ShownPassages,
    TextDelta,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.workflow.errors import NodeTimedOut
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RequestedInput, RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.variables.masking import masked

UNEXPECTED = RunError(code="sys_internal_error", message="The node failed unexpectedly.")

#: What an attempt came to: it ended, failed, waits for somebody, or opens another graph.
Result = NodeOutcome | RunError | RequestedInput | LinkedGraph


def context_of(run: WorkflowRun, address: NodeAddress, clock: Clock) -> NodeContext:
    """What the executor of a node that has just been started may know."""
    node = run.node_run(address)
    return NodeContext(
        tenant_id=run.tenant_id,
        node_id=address.node_id,
        attempt=1 if node is None else node.attempt,
        effect_key="" if node is None else node.effect_key,
        facts=run.facts,
        inputs=run.inputs_of(address),
        variables=run.variables_of(address),
        clock=clock,
        frame=address.frame,
        links=run.links_of(address),
    )


def told_error(run: WorkflowRun, address: NodeAddress, error: DomainError) -> RunError:
    """The error without the secrets that a server or code may have put into its words."""
    secrets = run.secrets_of(address)
    details = {name: masked(value, secrets) for name, value in error.details.items()}
    message = str(masked(error.message, secrets))
    return RunError(code=error.code, message=message, details=details)


def _nothing() -> None:
    """Nobody waits for what is recorded."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An attempt that has come to its result."""

    address: NodeAddress
    attempt: int
    result: Result


class NodeAttempts:
    """Begins the attempts of one run."""

    def __init__(
        self,
        *,
        run: WorkflowRun,
        text: MessageText,
        nodes: NodeExecutors,
        clock: Clock,
        faults: FaultReporter,
    ) -> None:
        self.run = run
        self.text = text
        self.nodes = nodes
        self.clock = clock
        self.faults = faults

    def report(self, error: Exception, *, where: str) -> None:
        """Tell the operator of something that should not have happened."""
        self.faults.report(error, where=where, run_id=str(self.run.run_id))

    def begin(self, address: NodeAddress) -> "NodeAttempt":
        """The attempt of a node that has just been started."""
        return NodeAttempt(self, address)


class NodeAttempt:
    """Turns whatever happens in a node into a result; only cancellation passes through."""

    def __init__(self, attempts: NodeAttempts, address: NodeAddress) -> None:
        run = attempts.run
        self._of = attempts
        self._address = address
        self._node = run.node_at(address)
        self._context = context_of(run, address, attempts.clock)
        self.number = self._context.attempt

    def compute(self) -> Result:
        """What a pure node puts out."""
        try:
            return self._of.nodes.compute(self._node.config, self._context)
        except DomainError as error:
            return self._told(error)
        except Exception as error:  # noqa: BLE001 - a bug in a node ends its run, not the engine
            return self._unexpected(error)

    async def execute(self, commit: Callable[[], object] = _nothing) -> Result:
        """What comes of a node with effects, within the time that it may take.

        `commit` is called when something was recorded that readers are to see at once.
        """
        seconds = self._node.policy.timeout_seconds
        limit = None if seconds is None else asyncio.timeout(seconds)
        try:
            if limit is None:
                return await self._outcome(commit)
            async with limit:
                return await self._outcome(commit)
        except DomainError as error:
            return self._told(error)
        except Exception as error:  # noqa: BLE001 - a bug in a node ends its run, not the engine
            if limit is not None and limit.expired():
                return RunError.of(NodeTimedOut(seconds=seconds))
            return self._unexpected(error)

    async def _outcome(self, commit: Callable[[], object]) -> Result:
        result: Result = UNEXPECTED
        outputs = self._of.nodes.execute(self._node.config, self._context)
        try:
            async for value in outputs:
                if isinstance(value, TextDelta):
                    # Text makes nothing else ready and is shown as it comes.
                    self._of.text.feed(self._address, value.text)
                elif isinstance(value, ShownPassages):
                    if self._of.text.cite(self._address, value.citations, self._of.clock.now()):
                        commit()
                else:
                    result = value
        finally:
            await outputs.aclose()
        return result

    def _told(self, error: DomainError) -> RunError:
        return told_error(self._of.run, self._address, error)

    def _unexpected(self, error: Exception) -> RunError:
        self._of.report(error, where=f"node {self._address}")
        return UNEXPECTED
