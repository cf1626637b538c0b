"""A run executes to its end or fails with its reason, in the right order, and leaks nothing."""

import asyncio
from collections.abc import AsyncGenerator

from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput, TextDelta
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.engine import Engine, launched, until
from tests.builders.workflow import chat_graph, edge, graph, llm, node
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


#: What is committed in the transaction that a run begins in, before its first effect.
BIRTH = ["run.started", "message.started", "node.started", "node.succeeded"]
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

        # The model is called in the transaction of the run's birth; one commit is at the end.
        assert engine.runs.commits == 1

    async def test_no_effect_leaves_before_what_came_earlier_is_committed(self) -> None:
        engine = Engine()
        engine.runs.gate.clear()
        handle = await engine.launch(TWO_CALLS)
        await asyncio.sleep(0.01)

        # The first call was committed with the run itself, the second has to wait.
        assert len(engine.nodes.calls) == 1
        engine.runs.gate.set()
        await handle.result()
        assert len(engine.nodes.calls) == 2

    async def test_nothing_is_shown_before_it_is_committed(self) -> None:
        engine = Engine()
        engine.runs.gate.clear()
        handle = await engine.launch(TWO_CALLS)
        await asyncio.sleep(0.01)

        shown = [kind for kind in engine.stream.types if not kind.endswith("delta")]
        assert shown == [*BIRTH, "node.started"]
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


async def test_text_that_turns_out_wrong_is_reset() -> None:
    async def thinks_aloud(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        del context
        yield TextDelta("<think>hm</think>")
        yield NodeOutcome(outputs={"text": "Hello."})

    engine = Engine(nodes=ScriptedNodes(thinks_aloud))

    result = await (await engine.launch()).result()

    assert result.answer == engine.stream.text == "Hello."
    assert "message.reset" in engine.stream.types
