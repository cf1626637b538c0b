"""Executes one run: asks the domain what is ready, acts, and records what came of it."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.workflow.engine.commands import (
    Break,
    Command,
    GiveUp,
    Pause,
    Resume,
    Stop,
)
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutors, TextDelta
from dify_hex.application.workflow.records import (
    Lease,
    RunEnding,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.errors import RunLimitReached
from dify_hex.domain.workflow.events import EVENT_FOR
from dify_hex.domain.workflow.graph.graph import Node
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent

OWNER_LOST = RunError(code="workflow_owner_lost", message="The process that ran it went away.")
UNEXPECTED = RunError(code="sys_internal_error", message="The node failed unexpectedly.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What one run may use up."""

    steps: int = 1000
    seconds: float = 1200.0


@dataclass(frozen=True, slots=True)
class _Outcome:
    node_id: NodeId
    value: NodeOutcome | RunError


class RunGivenUp(Exception):
    """The run was left for another owner; it has not ended."""


class RunScheduler:
    """One run's loop. One task per open effect, none for pure nodes, no polling.

    An effect begins only after everything recorded before it is committed. Whatever happens, no
    task and no call of a node outlives `drive`.
    """

    def __init__(
        self,
        *,
        run: WorkflowRun,
        lease: Lease,
        recorder: RunRecorder,
        text: MessageText,
        nodes: NodeExecutors,
        clock: Clock,
        faults: FaultReporter,
        limits: RunLimits,
        condemned: RunError | None = None,
    ) -> None:
        self._run = run
        self._lease = lease
        self._recorder = recorder
        self._text = text
        self._nodes = nodes
        self._clock = clock
        self._faults = faults
        self._limits = limits
        self._condemned = condemned
        self._inbox: asyncio.Queue[_Outcome | Command] = asyncio.Queue()
        self._tasks: dict[NodeId, asyncio.Task[None]] = {}
        self._commits: set[asyncio.Task[None]] = set()
        self._pausing: Pause | None = None

    def post(self, command: Command) -> None:
        """Ask something of the run; the loop sees to it next."""
        self._inbox.put_nowait(command)

    async def drive(self) -> RunResult:
        """Execute until the run ends or pauses.

        Raises:
            LeaseLost: another owner has taken the run over.
            RunGivenUp: it was asked to leave the run to another owner.
        """
        try:
            if self._condemned is not None:
                return await self._fail(self._condemned)
            self._interrupt_open_nodes()
            return await self._loop()
        finally:
            await self._cancel_nodes()
            self._text.close()

    async def _loop(self) -> RunResult:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.seconds
        while True:
            failure = await self._begin_ready_nodes()
            if failure is None and self._run.steps > self._limits.steps:
                failure = _limit("steps", self._limits.steps)
            if failure is not None:
                return await self._fail(failure)
            if not self._tasks and self._inbox.empty():
                return await self._conclude()
            if self._recorder.has_unsent:
                _ = self._commit(urgent=False)
            try:
                async with asyncio.timeout_at(deadline):
                    received = await self._inbox.get()
            except TimeoutError:
                return await self._fail(_limit("seconds", self._limits.seconds))
            result = await self._take(received)
            if result is not None:
                return result

    def _interrupt_open_nodes(self) -> None:
        for node_id in self._run.open_nodes():
            now = self._clock.now()
            self._recorder.record(self._run.interrupt_node(node_id, OWNER_LOST, now=now))

    async def _begin_ready_nodes(self) -> RunError | None:
        while self._pausing is None and (ready := self._run.ready()):
            for node_id in ready:
                node = self._run.graph.node(node_id)
                self._recorder.record(self._run.start_node(node_id, now=self._clock.now()))
                if not node.config.pure:
                    barrier = self._commit(urgent=True)
                    self._tasks[node_id] = asyncio.create_task(self._execute(node, barrier))
                    continue
                if (failure := self._settle(self._computed(node))) is not None:
                    return failure
        return None

    async def _execute(self, node: Node, barrier: asyncio.Task[None]) -> None:
        # Waiting does not cancel: a commit on its way arrives even when this node is stopped.
        await asyncio.wait({barrier})
        if barrier.cancelled() or barrier.exception() is not None:
            return
        self._inbox.put_nowait(await self._outcome(node))

    def _computed(self, node: Node) -> _Outcome:
        try:
            return _Outcome(node.id, self._nodes.compute(node.config, self._context(node)))
        except DomainError as error:
            return _Outcome(node.id, RunError(code=error.code, message=error.message))
        except Exception as error:  # noqa: BLE001 - a bug in a node ends its run, not the engine
            self._faults.report(error, where=f"node {node.id}", run_id=str(self._run.run_id))
            return _Outcome(node.id, UNEXPECTED)

    async def _outcome(self, node: Node) -> _Outcome:
        """What came of a node; its text makes nothing else ready and is shown as it comes."""
        outcome: NodeOutcome | RunError = UNEXPECTED
        try:
            async with aclosing(self._nodes.execute(node.config, self._context(node))) as outputs:
                async for value in outputs:
                    if isinstance(value, TextDelta):
                        self._text.feed(node.id, value.text)
                    else:
                        outcome = value
        except DomainError as error:
            return _Outcome(node.id, RunError(code=error.code, message=error.message))
        except Exception as error:  # noqa: BLE001 - a bug in a node ends its run, not the engine
            self._faults.report(error, where=f"node {node.id}", run_id=str(self._run.run_id))
            return _Outcome(node.id, UNEXPECTED)
        return _Outcome(node.id, outcome)

    def _context(self, node: Node) -> NodeContext:
        return NodeContext(
            tenant_id=self._run.tenant_id,
            node_id=node.id,
            attempt=self._run.nodes[node.id].attempt,
            effect_key=self._run.nodes[node.id].effect_key,
            facts=self._run.facts,
            variables=self._run.variables,
            clock=self._clock,
        )

    async def _take(self, received: _Outcome | Command) -> RunResult | None:
        match received:
            case _Outcome():
                failure = self._settle(received)
                return None if failure is None else await self._fail(failure)
            case Stop():
                return await self._stop(received.reason)
            case Pause():
                self._pausing = received
                return None
            case Resume():
                self._pausing = None
                self._recorder.record(self._run.resume(now=self._clock.now()))
                return None
            case GiveUp():
                raise RunGivenUp
            case Break():
                raise received.error
            case _:
                assert_never(received)

    def _settle(self, outcome: _Outcome) -> RunError | None:
        node_id, now = outcome.node_id, self._clock.now()
        self._text.flush()
        self._tasks.pop(node_id, None)
        if isinstance(outcome.value, RunError):
            self._recorder.record(self._run.fail_node(node_id, outcome.value, now=now))
            return outcome.value
        self._recorder.record(self._run.succeed_node(node_id, outcome.value, now=now))
        self._text.advance()
        return None

    async def _conclude(self) -> RunResult:
        now = self._clock.now()
        if self._pausing is not None and not self._run.is_exhausted:
            self._text.flush()
            return await self._end(self._run.pause(self._pausing.reason, now=now))
        self._text.flush()
        return await self._end(self._run.succeed(answer=self._text.text, now=now))

    async def _fail(self, error: RunError) -> RunResult:
        await self._cancel_nodes()
        self._text.flush()
        now = self._clock.now()
        return await self._end(self._run.fail(error, answer=self._text.text, now=now), error)

    async def _stop(self, reason: str) -> RunResult:
        await self._cancel_nodes()
        self._text.flush()
        now = self._clock.now()
        return await self._end(self._run.stop(reason, answer=self._text.text, now=now))

    async def _end(self, events: Sequence[RunEvent], error: RunError | None = None) -> RunResult:
        self._recorder.record(events)
        if self._commits:
            await asyncio.gather(*self._commits)
        run = self._run
        await self._recorder.finish(self._ending(events[-1].at, error))
        return RunResult(
            run_id=run.run_id,
            status=run.status,
            answer=self._text.text,
            usage=run.usage,
            error=error,
            at=events[-1].at,
        )

    def _ending(self, at: datetime, error: RunError | None) -> RunEnding:
        run, message_id = self._run, self._run.facts.message_id
        return RunEnding(
            lease=self._lease,
            rows=self._recorder.unsent_rows(),
            status=run.status,
            usage=run.usage,
            steps=run.steps,
            at=at,
            event=EVENT_FOR[run.status](
                tenant_id=run.tenant_id,
                occurred_at=at,
                run_id=run.run_id,
                status=run.status,
                message_id=message_id,
                error_code=None if error is None else error.code,
                prompt_tokens=run.usage.prompt_tokens,
                completion_tokens=run.usage.completion_tokens,
            ),
            error=error,
            message_id=message_id,
            answer=None if message_id is None else self._text.text,
            outputs=None if message_id is None else {"answer": self._text.text},
        )

    def _commit(self, *, urgent: bool) -> asyncio.Task[None]:
        task = self._recorder.commit(urgent=urgent)
        self._commits.add(task)
        task.add_done_callback(self._committed)
        return task

    def _committed(self, task: asyncio.Task[None]) -> None:
        self._commits.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(Break(error))

    async def _cancel_nodes(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _limit(name: str, value: float) -> RunError:
    error = RunLimitReached(limit=name, value=value)
    return RunError(code=error.code, message=f"{error.message} ({name}: {value:g})")
