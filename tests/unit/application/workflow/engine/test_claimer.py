"""A worker takes on runs that nobody owns, as far as it has room, and goes on after trouble."""

import asyncio

import pytest

from dify_hex.application.workflow.engine import claimer as claiming
from tests.builders.engine import Engine, claimer_of, until
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "LOOK_EVERY", 0.001)


async def test_a_waiting_run_is_taken_as_soon_as_workers_are_told() -> None:
    engine = Engine()
    claiming_runs = asyncio.create_task(claimer_of(engine).claim_forever())
    await engine.begin(background=True)
    await engine.signals.runs_waiting()

    await until(lambda: engine.only_run().status.is_final)

    claiming_runs.cancel()
    assert engine.nodes.calls


async def test_a_full_worker_takes_nothing() -> None:
    engine = Engine(nodes=ScriptedNodes(Dialogue().script), capacity=1)
    await engine.launch()
    waiting = (await engine.begin(background=True)).lease.run_id

    assert not await claimer_of(engine).claim_once()

    assert engine.runs.runs[waiting].owner is None
    await engine.host.drain(seconds=0)


async def test_a_full_batch_says_that_there_may_be_more() -> None:
    engine = Engine(capacity=1)
    await engine.begin(background=True)

    assert await claimer_of(engine).claim_once()
    await until(lambda: engine.only_run().status.is_final)


async def test_a_database_that_is_away_is_asked_again_later() -> None:
    engine = Engine()
    await engine.begin(background=True)
    engine.runs.away = True
    claimer = claimer_of(engine)

    assert not await claimer.claim_once()
    engine.runs.away = False
    await claimer.claim_once()
    await until(lambda: engine.only_run().status.is_final)
