"""A process takes in what it can carry, keeps its leases, and lets go of what was left."""

import asyncio
from datetime import timedelta

import pytest

from dify_hex.application.workflow.engine.leaving import LeavingWatch
from dify_hex.application.workflow.engine.run_host import RunMoved
from dify_hex.domain.workflow.errors import RunsFull
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.engine import Engine, keeper_of, launched
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes


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
        assert engine.signals.told_workers == 1
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
        keeper = keeper_of(engine)
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
        keeper = keeper_of(engine)
        run = engine.only_run()
        await engine.runs.desire(run.tenant_id, engine.only_id(), state)

        await keeper.renew([hosted.lease for hosted in engine.host.runs])
        dialogue.finish("Hello.")

        assert (await handle.result()).status is status

    async def test_a_wake_up_brings_it_at_once(self) -> None:
        engine, handle = await launched(Dialogue())
        keeper = keeper_of(engine)
        listening = asyncio.create_task(keeper.listen())
        run = engine.only_run()
        await engine.runs.desire(run.tenant_id, engine.only_id(), DesiredState.STOP)

        await engine.signals.run_changed(engine.only_id())

        assert (await handle.result()).status is RunStatus.STOPPED
        listening.cancel()

    async def test_a_renewal_that_changes_nothing_changes_nothing(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        keeper = keeper_of(engine)

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

    async def test_after_a_takeover_readers_get_time_to_come_back_whatever_the_window(self) -> None:
        dead, _ = await launched(Dialogue(), resume_window=timedelta(0))
        dead.only_run().expired = True
        other = Engine(nodes=ScriptedNodes(Dialogue().script), runs=dead.runs, owner="worker-1")
        (claimed,) = await other.runs.claim_due("worker-1", limit=1)
        await other.host.adopt(claimed)
        self.age(other, 19)
        await self.look(other)
        assert len(other.host.runs) == 1
        (hosted,) = other.host.runs
        self.age(other, 2)

        await self.look(other)

        assert (await hosted.result).status is RunStatus.STOPPED
        await dead.host.drain(seconds=0)

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
