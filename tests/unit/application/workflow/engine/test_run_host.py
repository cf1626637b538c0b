"""A run executes to its end, is stopped, lost, released and taken over, and nothing leaks."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import pytest

from dify_hex.application.workflow.engine.claimer import RunClaimer
from dify_hex.application.workflow.engine.commands import Pause, Resume, Stop
from dify_hex.application.workflow.engine.lease_keeper import LeaseKeeper
from dify_hex.application.workflow.engine.leaving import LeavingWatch
from dify_hex.application.workflow.engine.run_host import RunHandle, RunMoved
from dify_hex.application.workflow.engine.run_loader import MAX_OWNERS
from dify_hex.application.workflow.engine.scheduler import RunLimits
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput, TextDelta
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.domain.workflow.errors import RunsFull, VariableMissing, WorkflowRunNotFound
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.engine import Engine
from tests.builders.workflow import chat_graph
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes

WHOLE_CHAT = [
    "run.started",
    "message.started",
    "node.started",
    "node.succeeded",
    "node.started",
    "node.succeeded",
    "node.started",
    "node.succeeded",
    "message.complete",
    "run.succeeded",
]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is true."""
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110 - what is waited for is a fake's plain state
            await asyncio.sleep(0)


async def launched(
    dialogue: Dialogue, *, resume_window: timedelta = timedelta(seconds=20)
) -> tuple[Engine, RunHandle]:
    """An engine whose one run has called the model."""
    engine = Engine(nodes=ScriptedNodes(dialogue.script))
    handle = await engine.launch(resume_window=resume_window)
    await until(lambda: engine.nodes.open_calls == 1)
    return engine, handle


class TestExecuting:
    async def test_a_chat_runs_to_its_end(self) -> None:
        engine = Engine()

        result = await (await engine.launch()).result()

        assert (result.status, result.answer) == (RunStatus.SUCCEEDED, "Hello.")
        assert engine.journal() == WHOLE_CHAT
        assert engine.host.runs == ()

    async def test_readers_see_every_event_in_order_and_the_whole_text(self) -> None:
        engine = Engine()

        await (await engine.launch()).result()

        assert [kind for kind in engine.stream.types if not kind.endswith("delta")] == WHOLE_CHAT
        assert engine.stream.text == "Hello."
        assert engine.stream.writers[0].closed

    async def test_the_ending_carries_the_answer_and_an_event_for_others(self) -> None:
        engine = Engine()

        await (await engine.launch()).result()

        ending = engine.only_run().ending
        assert ending is not None
        assert (ending.answer, ending.event.name) == ("Hello.", "workflow_run.finished")

    async def test_pure_nodes_wait_for_no_commit_of_their_own(self) -> None:
        engine = Engine()

        await (await engine.launch()).result()

        # One before the model is called, one at the end.
        assert engine.runs.commits == 2

    async def test_no_effect_leaves_before_what_came_earlier_is_committed(self) -> None:
        engine = Engine()
        engine.runs.gate.clear()
        handle = await engine.launch()
        await asyncio.sleep(0.01)

        assert engine.nodes.calls == []
        engine.runs.gate.set()
        await handle.result()
        assert len(engine.nodes.calls) == 1

    async def test_nothing_is_shown_before_it_is_committed(self) -> None:
        engine = Engine()
        engine.runs.gate.clear()
        handle = await engine.launch()
        await asyncio.sleep(0.01)

        assert engine.stream.types == ["run.started", "message.started"]
        engine.runs.gate.set()
        await handle.result()

    async def test_pieces_that_arrive_together_travel_together(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        for piece in "abcdefgh":
            dialogue.say(piece)
        await until(lambda: engine.stream.text == "abcdefgh")
        dialogue.finish("abcdefgh")
        await handle.result()

        assert engine.stream.types.count("message.delta") == 2

    async def test_text_that_no_answer_passes_on_is_shown_as_the_nodes_own(self) -> None:
        engine = Engine()

        await (await engine.launch(chat_graph("Thanks."))).result()

        assert engine.stream.types.count("node.delta") == 2
        assert engine.stream.text == "Thanks."


class TestFailing:
    async def test_an_error_of_a_node_ends_the_run_with_its_code(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        dialogue.say("Hal")
        dialogue.fail(VariableMissing(selector="a.b"))

        result = await handle.result()

        assert result.status is RunStatus.FAILED
        assert result.error is not None
        assert result.error.code == "workflow_variable_missing"
        assert result.answer == engine.stream.text == "Hal"
        assert engine.journal()[-3:] == ["node.failed", "message.complete", "run.failed"]

    async def test_a_bug_in_a_node_is_reported_and_not_shown(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        bug = ZeroDivisionError("secret")
        dialogue.fail(bug)

        result = await handle.result()

        assert engine.faults.faults == [bug]
        assert result.error is not None
        assert result.error.code == "sys_internal_error"
        assert "secret" not in result.error.message

    async def test_a_pure_node_can_fail_as_well(self) -> None:
        engine = Engine()

        result = await (await engine.launch(chat_graph("{{#llm.usage#}}"))).result()

        assert result.status is RunStatus.FAILED

    async def test_a_run_that_takes_too_many_steps_is_ended(self) -> None:
        engine = Engine(limits=RunLimits(steps=1))

        result = await (await engine.launch()).result()

        assert result.error is not None
        assert result.error.code == "workflow_run_limit"
        assert engine.nodes.open_calls == 0

    async def test_a_run_that_takes_too_long_is_ended(self) -> None:
        engine = Engine(nodes=ScriptedNodes(Dialogue().script), limits=RunLimits(seconds=0.01))

        result = await (await engine.launch()).result()

        assert result.error is not None
        assert result.error.code == "workflow_run_limit"
        assert engine.nodes.open_calls == 0


class TestStopping:
    async def test_stopping_ends_the_model_call_and_keeps_what_was_said(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        dialogue.say("Hal")
        await until(lambda: engine.stream.text == "Hal")

        assert engine.host.post(engine.only_id(), Stop("requested"))
        result = await handle.result()

        assert (result.status, result.answer) == (RunStatus.STOPPED, "Hal")
        assert engine.nodes.open_calls == 0

    async def test_a_run_that_is_not_here_cannot_be_reached(self) -> None:
        engine = Engine()
        await (await engine.launch()).result()

        assert not engine.host.post(engine.only_id(), Stop("late"))

    async def test_a_pause_waits_for_what_runs_and_needs_no_owner_afterwards(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        engine.host.post(engine.only_id(), Pause("requested"))
        dialogue.finish("Hello.")

        result = await handle.result()

        assert result.status is RunStatus.PAUSED
        assert engine.only_run().owner is None
        assert engine.journal()[-1] == "run.paused"

    async def test_a_paused_run_goes_on_in_any_process(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        engine.host.post(engine.only_id(), Pause("requested"))
        dialogue.finish("Hello.")
        await handle.result()
        other = Engine(runs=engine.runs, owner="worker-1")
        run = engine.only_run()

        claimed = await other.runs.take_paused(run.tenant_id, engine.only_id(), "worker-1")
        assert claimed is not None
        await other.host.adopt(claimed)
        other.host.post(engine.only_id(), Resume())
        await until(lambda: run.status.is_final)

        assert engine.journal()[-5:] == [
            "run.resumed",
            "node.started",
            "node.succeeded",
            "message.complete",
            "run.succeeded",
        ]
        assert other.nodes.calls == []


class TestStopRun:
    def stop(self, engine: Engine) -> StopRun:
        return StopRun(
            control=engine.runs, leases=engine.runs, signals=engine.signals, host=engine.host
        )

    async def test_the_owner_in_the_same_process_is_told_directly(self) -> None:
        engine, handle = await launched(Dialogue())

        await self.stop(engine).execute(engine.actor, engine.only_id())

        assert (await handle.result()).status is RunStatus.STOPPED

    async def test_an_owner_elsewhere_is_woken(self) -> None:
        engine, _ = await launched(Dialogue())
        other = Engine(runs=engine.runs, owner="api-2")
        other.actor = engine.actor

        await self.stop(other).execute(other.actor, engine.only_id())

        assert other.signals.changed == [engine.only_id()]
        assert engine.only_run().stored.desired_state is DesiredState.STOP
        await engine.host.drain(seconds=0)

    async def test_stopping_what_has_ended_changes_nothing(self) -> None:
        engine = Engine()
        await (await engine.launch()).result()

        await self.stop(engine).execute(engine.actor, engine.only_id())

        assert engine.only_run().status is RunStatus.SUCCEEDED

    async def test_a_paused_run_is_stopped_right_here(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        engine.host.post(engine.only_id(), Pause("requested"))
        dialogue.finish("Hello.")
        await handle.result()

        await self.stop(engine).execute(engine.actor, engine.only_id())
        await until(lambda: engine.only_run().status.is_final)

        assert engine.journal()[-2:] == ["message.complete", "run.stopped"]

    async def test_the_run_of_another_tenant_does_not_exist(self) -> None:
        engine = Engine()
        await (await engine.launch()).result()

        with pytest.raises(WorkflowRunNotFound):
            await self.stop(engine).execute(Engine().actor, engine.only_id())


class TestTakingOver:
    async def test_a_committed_outcome_is_never_executed_again(self) -> None:
        dialogue = Dialogue()
        dead, _ = await launched(dialogue)
        other = Engine(runs=dead.runs, owner="worker-1")
        dead.only_run().expired = True

        await self.claim(other)
        await until(lambda: dead.only_run().status.is_final)

        starts = [row.payload for row in dead.only_run().rows if row.type == "node.started"]
        assert sum('"node_id":"start"' in payload for payload in starts) == 1
        await dead.host.drain(seconds=0)

    async def test_an_effect_in_flight_is_repeated_with_the_same_key(self) -> None:
        dead, _ = await launched(Dialogue())
        other = Engine(runs=dead.runs, owner="worker-1")
        dead.only_run().expired = True

        await self.claim(other)
        await until(lambda: dead.only_run().status.is_final)

        assert other.nodes.calls == dead.nodes.calls
        assert "node.retrying" in dead.journal()
        await dead.host.drain(seconds=0)

    async def test_readers_start_over_with_the_new_owners_text(self) -> None:
        dialogue = Dialogue()
        dead, _ = await launched(dialogue)
        dialogue.say("Something else")
        await until(lambda: dead.stream.text != "")
        other = Engine(runs=dead.runs, owner="worker-1")
        dead.only_run().expired = True

        await self.claim(other)
        await until(lambda: dead.only_run().status.is_final)

        first_text = next(e for e in other.stream.entries if e.type.startswith("message."))
        assert first_text.type == "message.reset"
        assert other.stream.text == "Hello."
        await dead.host.drain(seconds=0)

    async def test_the_former_owner_writes_nothing_more_and_its_caller_is_told(self) -> None:
        dialogue = Dialogue()
        former, handle = await launched(dialogue)
        other = Engine(runs=former.runs, owner="worker-1")
        former.only_run().expired = True
        await self.claim(other)
        await until(lambda: former.only_run().status.is_final)
        dialogue.finish("Too late.")

        with pytest.raises(RunMoved):
            await handle.result()
        ending = former.only_run().ending
        assert ending is not None
        assert ending.answer == "Hello."

    async def test_a_background_run_is_executed_by_whoever_claims_it(self) -> None:
        engine = Engine()
        await engine.begin(background=True)

        await self.claim(engine)
        await until(lambda: engine.only_run().status.is_final)

        assert engine.journal() == WHOLE_CHAT

    async def test_a_run_that_kills_its_owners_is_given_up(self) -> None:
        engine = Engine()
        await engine.begin(background=True)
        engine.only_run().token = MAX_OWNERS

        await self.claim(engine)
        await until(lambda: engine.only_run().status.is_final)

        ending = engine.only_run().ending
        assert ending is not None
        assert ending.error is not None
        assert ending.error.code == "workflow_run_abandoned"
        assert engine.nodes.calls == []

    @pytest.mark.parametrize("state", [DesiredState.STOP, DesiredState.PAUSE])
    async def test_what_was_asked_while_nobody_owned_it_is_done_first(
        self, state: DesiredState
    ) -> None:
        engine = Engine()
        await engine.begin(background=True)
        run = engine.only_run()
        await engine.runs.desire(run.tenant_id, engine.only_id(), state)

        await self.claim(engine)
        await until(lambda: run.ending is not None)

        assert run.status.value.startswith(state.value)

    async def claim(self, engine: Engine) -> None:
        claimer = RunClaimer(
            host=engine.host, leases=engine.runs, signals=engine.signals, faults=engine.faults
        )
        assert not await claimer.claim_once()


class TestPlaces:
    async def test_a_full_process_refuses_before_anything_is_stored(self) -> None:
        engine = Engine(nodes=ScriptedNodes(Dialogue().script), capacity=1)
        await engine.launch()

        with pytest.raises(RunsFull) as caught:
            engine.host.reserve()

        assert caught.value.retry_after
        await engine.host.drain(seconds=0)

    async def test_a_place_that_was_not_used_is_free_again(self) -> None:
        engine = Engine(capacity=1)

        with engine.host.reserve(), pytest.raises(RunsFull):
            engine.host.reserve()

        assert engine.host.free_places == 1

    async def test_a_process_that_stops_releases_what_does_not_finish(self) -> None:
        engine, handle = await launched(Dialogue())

        await engine.host.drain(seconds=0)

        assert engine.only_run().owner is None
        assert engine.nodes.open_calls == 0
        with pytest.raises(RunsFull):
            engine.host.reserve()
        with pytest.raises(RunMoved):
            await handle.result()

    async def test_a_process_that_stops_lets_runs_finish_for_a_while(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        draining = asyncio.create_task(engine.host.drain(seconds=2))
        await asyncio.sleep(0)
        dialogue.finish("Hello.")

        await draining

        assert (await handle.result()).status is RunStatus.SUCCEEDED


class TestLeases:
    async def test_a_lost_lease_breaks_the_run_off(self) -> None:
        engine, handle = await launched(Dialogue())
        keeper = LeaseKeeper(host=engine.host, leases=engine.runs, signals=engine.signals)
        engine.only_run().token += 1

        await keeper.renew([hosted.lease for hosted in engine.host.runs])

        with pytest.raises(RunMoved):
            await handle.result()
        assert engine.nodes.open_calls == 0

    @pytest.mark.parametrize(
        ("state", "status"),
        [(DesiredState.STOP, RunStatus.STOPPED), (DesiredState.PAUSE, RunStatus.PAUSED)],
    )
    async def test_a_renewal_brings_what_is_desired(
        self, state: DesiredState, status: RunStatus
    ) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        keeper = LeaseKeeper(host=engine.host, leases=engine.runs, signals=engine.signals)
        run = engine.only_run()
        await engine.runs.desire(run.tenant_id, engine.only_id(), state)

        await keeper.renew([hosted.lease for hosted in engine.host.runs])
        dialogue.finish("Hello.")

        assert (await handle.result()).status is status

    async def test_a_wake_up_brings_it_at_once(self) -> None:
        engine, handle = await launched(Dialogue())
        keeper = LeaseKeeper(host=engine.host, leases=engine.runs, signals=engine.signals)
        listening = asyncio.create_task(keeper.listen())
        run = engine.only_run()
        await engine.runs.desire(run.tenant_id, engine.only_id(), DesiredState.STOP)

        await engine.signals.run_changed(engine.only_id())

        assert (await handle.result()).status is RunStatus.STOPPED
        listening.cancel()

    async def test_a_renewal_that_changes_nothing_changes_nothing(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        keeper = LeaseKeeper(host=engine.host, leases=engine.runs, signals=engine.signals)

        await keeper.renew([])
        await keeper.renew([hosted.lease for hosted in engine.host.runs])
        engine.runs.away = True
        await keeper.renew([hosted.lease for hosted in engine.host.runs])
        dialogue.finish("Hello.")

        assert (await handle.result()).status is RunStatus.SUCCEEDED


class TestLeaving:
    async def look(self, engine: Engine) -> None:
        await LeavingWatch(host=engine.host, stream=engine.stream).look()

    def age(self, engine: Engine, seconds: float) -> None:
        for hosted in engine.host.runs:
            hosted.followed_at -= seconds

    async def test_a_run_that_everybody_has_left_is_stopped_after_its_window(self) -> None:
        engine, handle = await launched(Dialogue(), resume_window=timedelta(seconds=20))
        engine.stream.reader_counts[engine.only_id()] = 1
        await self.look(engine)
        engine.stream.reader_counts[engine.only_id()] = 0
        self.age(engine, 19)
        await self.look(engine)
        assert len(engine.host.runs) == 1
        self.age(engine, 2)

        await self.look(engine)

        assert (await handle._hosted.result).status is RunStatus.STOPPED

    async def test_not_knowing_counts_as_nobody(self) -> None:
        engine, handle = await launched(Dialogue(), resume_window=timedelta(0))
        engine.stream.reader_counts[engine.only_id()] = None
        self.age(engine, 10)

        await self.look(engine)

        assert (await handle._hosted.result).status is RunStatus.STOPPED

    async def test_the_first_reader_gets_a_moment_whatever_the_window(self) -> None:
        engine, _ = await launched(Dialogue(), resume_window=timedelta(0))

        self.age(engine, 2)
        await self.look(engine)

        assert len(engine.host.runs) == 1
        assert engine.nodes.open_calls == 1
        await engine.host.drain(seconds=0)

    async def test_a_caller_who_waits_for_the_result_is_a_reader(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue, resume_window=timedelta(0))
        waiting = asyncio.create_task(handle.result())
        await asyncio.sleep(0)
        self.age(engine, 100)

        await self.look(engine)
        dialogue.finish("Hello.")

        assert (await waiting).status is RunStatus.SUCCEEDED

    async def test_background_runs_are_left_alone(self) -> None:
        engine = Engine(nodes=ScriptedNodes(Dialogue().script))
        await engine.begin(background=True)
        (claimed,) = await engine.runs.claim_due("api-1", limit=1)
        await engine.host.adopt(claimed)
        self.age(engine, 100)

        await self.look(engine)

        assert len(engine.host.runs) == 1
        await engine.host.drain(seconds=0)


async def test_a_stop_while_a_commit_is_on_its_way_leaves_no_gap() -> None:
    engine = Engine()
    engine.runs.gate.clear()
    handle = await engine.launch()
    await asyncio.sleep(0)
    engine.host.post(engine.only_id(), Stop("requested"))
    await asyncio.sleep(0.01)
    engine.runs.gate.set()

    assert (await handle.result()).status is RunStatus.STOPPED
    assert [row.seq for row in engine.only_run().rows] == list(
        range(1, len(engine.only_run().rows) + 1)
    )


async def test_text_that_turns_out_wrong_is_reset() -> None:
    async def thinks_aloud(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        del context
        yield TextDelta("<think>hm</think>")
        yield NodeOutcome(outputs={"text": "Hello."})

    engine = Engine(nodes=ScriptedNodes(thinks_aloud))

    result = await (await engine.launch()).result()

    assert result.answer == engine.stream.text == "Hello."
    assert "message.reset" in engine.stream.types
