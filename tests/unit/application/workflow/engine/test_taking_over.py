"""Another process goes on where a dead one stopped, and repeats nothing that is committed."""

from dataclasses import replace

import pytest

from dify_hex.application.workflow.engine.run_host import RunMoved
from dify_hex.application.workflow.engine.run_loader import MAX_OWNERS
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.engine import Engine, claimer_of, launched, until
from tests.builders.workflow import edge, graph, llm, node
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
TWO_CALLS = graph(
    [
        node("start", StartConfig()),
        node("first", llm()),
        node("second", llm()),
        node("answer", AnswerConfig(answer="{{#second.text#}}")),
    ],
    edge("start", "first"),
    edge("first", "second"),
    edge("second", "answer"),
)


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

    async def test_a_process_that_takes_its_own_run_over_leaves_the_former_execution(self) -> None:
        dialogue = Dialogue()
        engine, handle = await launched(dialogue)
        former = engine.host.runs[0].lease
        engine.only_run().expired = True

        await self.claim(engine)
        with pytest.raises(RunMoved):
            await handle.result()
        # The answer to a renewal that was on its way meanwhile is about the former lease.
        engine.host.lose(former)
        await until(lambda: engine.nodes.open_calls == 1)
        dialogue.finish("Hello.")
        await until(lambda: engine.only_run().status.is_final)

        ending = engine.only_run().ending
        assert ending is not None
        assert (ending.lease.token, ending.answer) == (former.token + 1, "Hello.")

    async def test_a_run_that_cannot_be_read_keeps_no_other_waiting(self) -> None:
        engine = Engine()
        await engine.begin(background=True)
        unreadable = engine.only_run()
        unreadable.rows[0] = unreadable.rows[0]._replace(type="run.of_the_future")
        readable = (await engine.begin(background=True)).lease.run_id

        await self.claim(engine)
        await until(lambda: engine.runs.runs[readable].status.is_final)

        assert len(engine.faults.faults) == 1
        assert not unreadable.status.is_final

    async def test_a_background_run_is_executed_by_whoever_claims_it(self) -> None:
        engine = Engine()
        await engine.begin(background=True)

        await self.claim(engine)
        await until(lambda: engine.only_run().status.is_final)

        assert engine.journal() == WHOLE_CHAT

    async def test_a_run_that_kills_its_owners_is_given_up(self) -> None:
        engine = Engine()
        await engine.begin(background=True)
        run = engine.only_run()
        run.stored = replace(run.stored, owners=MAX_OWNERS)

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
        assert "node.started" not in engine.journal()

    async def claim(self, engine: Engine) -> None:
        await claim(engine)


class TestLessDurability:
    async def launched(self, durability: Durability) -> tuple[Engine, Dialogue]:
        dialogue = Dialogue()
        engine = Engine(nodes=ScriptedNodes(dialogue.script), durability=durability)
        await engine.launch(TWO_CALLS)
        await until(lambda: engine.nodes.open_calls == 1)
        return engine, dialogue

    async def test_a_run_that_writes_no_steps_fails_when_its_owner_dies(self) -> None:
        dead, dialogue = await self.launched(Durability.NONE)
        dialogue.finish("First.")
        await until(lambda: len(dead.nodes.calls) == 2)
        other = successor(dead)

        await claim(other)
        await until(lambda: dead.only_run().status.is_final)

        ending = dead.only_run().ending
        assert ending is not None
        assert ending.error is not None
        assert (ending.status, ending.error.code) == (RunStatus.FAILED, "workflow_owner_lost")
        assert other.nodes.calls == []
        await dead.host.drain(seconds=0)

    async def test_it_begins_in_the_background_like_any_other(self) -> None:
        engine = Engine(durability=Durability.NONE)
        await engine.begin(background=True)

        await claim(engine)
        await until(lambda: engine.only_run().status.is_final)

        assert engine.only_run().status is RunStatus.SUCCEEDED
        assert engine.journal() == ["run.started", "message.started", *WHOLE_CHAT[-2:]]

    async def test_it_can_pause_and_goes_on_elsewhere_with_all_that_had_happened(self) -> None:
        paused, dialogue = await self.launched(Durability.NONE)
        await pause(paused, dialogue)
        other = resumed(paused)

        await claim(other)
        await until(lambda: paused.only_run().status.is_final)

        ending = paused.only_run().ending
        assert ending is not None
        assert (ending.status, ending.answer) == (RunStatus.SUCCEEDED, "Hello.")
        assert len(other.nodes.calls) == 1

    async def test_it_fails_when_the_one_who_resumed_it_dies(self) -> None:
        paused, dialogue = await self.launched(Durability.NONE)
        await pause(paused, dialogue)
        # The next owner dies before it has written anything.
        await resumed(paused).runs.claim_due("dead", limit=10)
        paused.only_run().expired = True
        other = successor(paused)

        await claim(other)
        await until(lambda: paused.only_run().status.is_final)

        assert paused.journal()[-3:] == ["run.resumed", "message.complete", "run.failed"]
        assert other.nodes.calls == []

    async def test_a_relaxed_run_goes_on_from_what_was_committed_and_resets_its_text(self) -> None:
        dead, dialogue = await self.launched(Durability.RELAXED)
        dead.runs.gate.clear()
        dialogue.finish("First.")
        await until(lambda: len(dead.nodes.calls) == 2)
        dialogue.say("Hal")
        await until(lambda: dead.stream.text == "Hal")
        other = successor(dead)
        dead.runs.gate.set()

        await claim(other)
        await until(lambda: dead.only_run().status.is_final)

        assert len(other.nodes.calls) == 2
        texts = [entry for entry in other.stream.entries if entry.type.startswith("message.")]
        assert texts[0].type == "message.reset"
        assert other.stream.text == "Hello."
        await dead.host.drain(seconds=0)


def successor(dead: Engine) -> Engine:
    """Another process; to it, the run's owner has died."""
    other = Engine(runs=dead.runs, owner="worker-1")
    other.actor = dead.actor
    for run in dead.runs.runs.values():
        run.expired = True
    return other


async def pause(engine: Engine, dialogue: Dialogue) -> None:
    """Let a run pause after its first call."""
    use_case = PauseRun(control=engine.runs, signals=engine.signals, host=engine.host)
    await use_case.execute(engine.actor, engine.only_id())
    dialogue.finish("First.")
    await until(lambda: engine.only_run().status is RunStatus.PAUSED)


def resumed(paused: Engine) -> Engine:
    """Another process, for which a paused run is due."""
    paused.only_run().make_due()
    paused.only_run().stored = replace(paused.only_run().stored, desired_state=DesiredState.RUN)
    return successor(paused)


async def claim(engine: Engine) -> None:
    assert not await claimer_of(engine).claim_once()
