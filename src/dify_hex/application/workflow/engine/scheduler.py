"""Executes one run: asks the domain what is ready, acts, and records what came of it."""

import asyncio
import random
from typing import assert_never

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.mailbox import Mailbox
from dify_hex.application.shared.waiting import until_done
from dify_hex.application.workflow.engine.attempts import UNEXPECTED, NodeAttempts, Result, Settled
from dify_hex.application.workflow.engine.commands import (
    AnswerForm,
    Break,
    Command,
    Expire,
    GiveUp,
    Pause,
    Resume,
    Stop,
)
from dify_hex.application.workflow.engine.conclusion import RunConclusion
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.node_executor import LinkedGraph
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import FormId
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.errors import LeaseLost, NodeOutputTooLong
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RequestedInput, RunError
from dify_hex.domain.workflow.run import Events, WorkflowRun
from dify_hex.domain.workflow.statuses import RunStatus

OWNER_LOST = RunError(code="workflow_owner_lost", message="The process that ran it went away.")
#: Steps after which a run of pure nodes lets others have their turn.
_BREATH = 64


class _Due:
    """A retry whose time has come."""


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
        recorder: RunRecorder,
        text: MessageText,
        conclusion: RunConclusion,
        attempts: NodeAttempts,
        clock: Clock,
        limits: RunLimits,
        condemned: RunError | None = None,
        is_new: bool = False,
    ) -> None:
        self._run = run
        self._recorder = recorder
        self._text = text
        self._conclusion = conclusion
        self._attempts = attempts
        self._clock = clock
        self._limits = limits
        self._condemned = condemned
        self._is_new = is_new
        self._inbox: Mailbox[Settled | _Due | TimeoutError | Command] = Mailbox()
        self._tasks: dict[NodeAddress, asyncio.Task[None]] = {}
        #: Attempts that were given up and are about to end.
        self._dropped: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[None]] = set()
        self._timers: dict[NodeAddress, asyncio.TimerHandle] = {}
        self._pausing: Pause | None = None
        #: Answers that came before the run had asked, by form.
        self._early_answers: dict[FormId, NodeOutcome] = {}
        self._closures = 0

    def post(self, command: Command) -> None:
        """Ask something of the run; the loop sees to it next."""
        self._inbox.put(command)

    async def drive(self) -> RunResult:
        """Execute until the run ends or pauses.

        Raises:
            LeaseLost: another owner has taken the run over.
            RunGivenUp: it was asked to leave the run to another owner.
        """
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(self._limits.seconds, self._inbox.put, TimeoutError())
        try:
            if self._condemned is not None:
                self._resume()
                return await self._fail(self._condemned)
            if self._is_new:
                self._execute_first_moves()
            else:
                self._go_on_from_journal()
            return await self._loop()
        except (LeaseLost, RunGivenUp, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - it would only come again with each new owner
            self._attempts.report(error, where="run")
            return await self._fail(UNEXPECTED)
        finally:
            alarm.cancel()
            await self._cancel_nodes()
            self._text.close()

    async def _loop(self) -> RunResult:
        while True:
            await self._begin_ready_nodes()
            if (failure := self._run.failure or self._overdrawn()) is not None:
                return await self._fail(failure)
            if self._is_at_rest():
                return await self._conclude()
            self._commit_in_passing()
            received = await self._inbox.get()
            if isinstance(received, TimeoutError):
                return await self._fail(self._limits.out_of_time())
            if (result := await self._take(received)) is not None:
                return result

    def _is_at_rest(self) -> bool:
        retries_matter = self._pausing is None
        return not self._tasks and self._inbox.is_empty and not (self._timers and retries_matter)

    def _execute_first_moves(self) -> None:
        """Execute what was begun in the transaction of the run's birth: no barrier is left."""
        for address in self._run.open_nodes():
            self._tasks[address] = asyncio.create_task(self._execute(address, None))

    def _go_on_from_journal(self) -> None:
        now = self._clock.now()
        for address in self._run.open_nodes():
            self._recorder.record(self._run.interrupt_node(address, OWNER_LOST, now=now))
        self._recorder.record(self._run.catch_up(now=now))
        self._closures = self._run.closures

    async def _begin_ready_nodes(self) -> None:
        """Start all that may start, unless something else was asked of the run meanwhile."""
        begun = int(self._inbox.is_empty)
        while begun and self._pausing is None:
            begun = 0
            for address in self._run.ready():
                if not self._may_begin(address):
                    continue
                self._begin(address)
                begun += 1
                if self._run.failure is not None or self._overdrawn() is not None:
                    return
                if self._run.steps % _BREATH == 0:
                    # Others in this process want to live, and commands to be heard.
                    self._commit_in_passing()
                    await asyncio.sleep(0)
                    if not self._inbox.is_empty:
                        return

    def _may_begin(self, address: NodeAddress) -> bool:
        if address in self._timers or not self._run.is_ready(address):
            return False
        node = self._run.node_run(address)
        if node is not None and node.not_before is not None:
            wait = (node.not_before - self._clock.now()).total_seconds()
            if wait > 0:
                self._wake_later(address, wait)
                return False
        config = self._run.node_at(address).config
        return config.is_pure or len(self._tasks) < self._limits.parallel

    def _wake_later(self, address: NodeAddress, wait: float) -> None:
        def wake() -> None:
            self._timers.pop(address, None)
            self._inbox.put(_Due())

        self._timers[address] = asyncio.get_running_loop().call_later(wait, wake)

    def _begin(self, address: NodeAddress) -> None:
        node = self._run.node_at(address)
        self._recorder.record(self._run.start_node(address, now=self._clock.now()))
        if node.config.opens_scope:
            self._drop_abandoned()
        elif node.config.is_pure:
            self._settle(address, self._attempts.begin(address).compute())
        else:
            barrier = self._commit(urgent=True) if self._recorder.keeps_barriers else None
            self._tasks[address] = asyncio.create_task(self._execute(address, barrier))

    async def _execute(self, address: NodeAddress, barrier: asyncio.Future[None] | None) -> None:
        if barrier is not None:
            await until_done(barrier)
            if barrier.cancelled() or barrier.exception() is not None:
                return
        attempt = self._attempts.begin(address)
        result = await attempt.execute(lambda: self._commit(urgent=True))
        self._inbox.put(Settled(address, attempt.number, result))

    async def _take(self, received: Settled | _Due | Command) -> RunResult | None:
        match received:
            case Settled():
                self._take_settled(received)
            case _Due():
                pass
            case Stop():
                await self._wind_up()
                return await self._conclusion.stop(received.reason)
            case Expire():
                return await self._conclusion.expire()
            case Pause():
                self._pausing = received
            case Resume():
                self._resume()
            case AnswerForm():
                self._take_answer(received)
            case GiveUp():
                raise RunGivenUp
            case Break():
                raise received.error
            case _:
                assert_never(received)
        return None

    def _resume(self) -> None:
        self._pausing = None
        if self._run.status is RunStatus.PAUSED:
            self._recorder.record(self._run.resume(now=self._clock.now()))

    def _take_settled(self, settled: Settled) -> None:
        node = self._run.node_run(settled.address)
        if node is None or node.attempt != settled.attempt:
            return
        if self._run.is_open(settled.address):
            self._tasks.pop(settled.address, None)
            self._settle(settled.address, settled.result)

    def _take_answer(self, answer: AnswerForm) -> None:
        for address, form in self._run.waiting_nodes().items():
            if form.form_id == answer.form_id:
                self._settle(address, answer.outcome)
                return
        self._early_answers[answer.form_id] = answer.outcome

    def _settle(self, address: NodeAddress, result: Result) -> None:
        run, now = self._run, self._clock.now()
        self._text.flush()
        match result:
            case NodeOutcome():
                events = run.succeed_node(address, result, now=now)
            case RunError():
                chance = random.random()  # noqa: S311 - spreads retries, guards nothing
                events = run.fail_node(address, result, now=now, chance=chance)
            case RequestedInput():
                events = run.request_input(address, result, now=now)
            case LinkedGraph():
                events = self._enter(address, result)
            case _:
                assert_never(result)
        self._recorder.record(events)
        if isinstance(result, RunError) and run.failure is None:
            self._text.withdraw(address)
        self._text.advance()
        self._drop_abandoned()
        if isinstance(result, RequestedInput) and result.form_id in self._early_answers:
            self._settle(address, self._early_answers[result.form_id])

    def _enter(self, address: NodeAddress, linked: LinkedGraph) -> Events:
        started = SubWorkflowStarted(
            at=self._clock.now(),
            node_id=address.node_id,
            app_id=linked.app_id,
            app_version_id=linked.app_version_id,
            graph_hash=linked.graph_hash,
            inputs=linked.inputs,
            frame=address.frame,
        )
        return self._run.enter_workflow(address, linked.graph, started, linked.secrets)

    def _drop_abandoned(self) -> None:
        """End the attempts of a round that goes no further."""
        if self._closures == self._run.closures:
            return
        self._closures = self._run.closures
        for address in [each for each in self._tasks if not self._run.is_open(each)]:
            task = self._tasks.pop(address)
            task.cancel()
            self._dropped.add(task)
            task.add_done_callback(self._dropped.discard)
        for address in [each for each in self._timers if not self._run.is_ready(each)]:
            self._timers.pop(address).cancel()

    def _overdrawn(self) -> RunError | None:
        if self._text.overflowed:
            return RunError.of(NodeOutputTooLong())
        return self._limits.overdrawn(self._run)

    async def _conclude(self) -> RunResult:
        await self._wind_up()
        return await self._conclusion.conclude(self._pausing)

    async def _fail(self, error: RunError) -> RunResult:
        await self._wind_up()
        return await self._conclusion.fail(error)

    async def _wind_up(self) -> None:
        """Let nothing be under way any more: no node, and no commit."""
        await self._cancel_nodes()
        if self._commits:
            await asyncio.gather(*self._commits)

    def _commit_in_passing(self) -> None:
        if self._recorder.has_unsent:
            _ = self._commit(urgent=False)

    def _commit(self, *, urgent: bool) -> asyncio.Future[None]:
        commit = self._recorder.commit(urgent=urgent)
        self._commits.add(commit)
        commit.add_done_callback(self._committed)
        return commit

    def _committed(self, commit: asyncio.Future[None]) -> None:
        self._commits.discard(commit)
        if not commit.cancelled() and (error := commit.exception()) is not None:
            self._inbox.put(Break(error))

    async def _cancel_nodes(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = [*self._tasks.values(), *self._dropped]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
