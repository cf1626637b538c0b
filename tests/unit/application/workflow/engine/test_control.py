"""A run is stopped and paused from outside, wherever it is."""

import asyncio

import pytest

from dify_hex.application.workflow.engine.commands import Stop
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.application.workflow.resume_run import ResumeRun
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.engine import Engine, claimer_of, launched, until
from tests.fakes.scripted_nodes import Dialogue


async def pause(engine: Engine) -> None:
    use_case = PauseRun(control=engine.runs, signals=engine.signals, host=engine.host)
    await use_case.execute(engine.actor, engine.only_id())


async def resume(engine: Engine) -> None:
    use_case = ResumeRun(control=engine.runs, signals=engine.signals, host=engine.host)
    await use_case.execute(engine.actor, engine.only_id())


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
        await pause(engine)
        dialogue.finish("Hello.")

        result = await handle.result()

        assert result.status is RunStatus.PAUSED
        assert engine.only_run().owner is None
        assert engine.journal()[-1] == "run.paused"

    async def test_a_paused_run_goes_on_in_any_process_and_asks_for_readers_no_longer(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        await pause(engine)
        dialogue.finish("Hello.")
        await handle.result()
        other = Engine(runs=engine.runs, owner="worker-1")
        other.actor = engine.actor
        run = engine.only_run()

        await resume(other)
        assert other.signals.told_workers == 1
        await claimer_of(other).claim_once()
        await until(lambda: run.status.is_final)

        assert engine.journal()[-5:] == [
            "run.resumed",
            "node.started",
            "node.succeeded",
            "message.complete",
            "run.succeeded",
        ]
        assert other.nodes.calls == []
        assert run.stored.background


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
        await pause(engine)
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
