"""Nothing that a run puts out grows without an end, and what cannot be kept ends the run."""

from collections.abc import AsyncGenerator

from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.measure import MAX_DEPTH, MAX_OUTCOME, MAX_TEXT, measure
from tests.builders.engine import Engine
from tests.builders.workflow import chat_graph
from tests.fakes.scripted_nodes import Script, ScriptedNodes


def says(value: JsonValue) -> Script:
    async def script(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        del context
        yield NodeOutcome(outputs={"text": value})

    return script


def nested(depth: int) -> JsonValue:
    value: JsonValue = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_values_and_characters_count_and_depth_is_that_of_the_deepest() -> None:
    assert measure("abc") == (4, 0)
    assert measure({"ab": [1, "c"], "d": {}}) == (9, 2)


async def test_a_node_that_puts_out_too_much_fails() -> None:
    engine = Engine(nodes=ScriptedNodes(says("x" * (MAX_OUTCOME + 1))))

    result = await (await engine.launch()).result()

    assert result.error is not None
    assert (result.error.code, result.error.details["node_id"]) == (
        "workflow_output_too_long",
        "llm",
    )


async def test_a_node_whose_values_stand_too_deep_in_each_other_fails() -> None:
    engine = Engine(nodes=ScriptedNodes(says(nested(MAX_DEPTH + 1))))

    result = await (await engine.launch()).result()

    assert result.error is not None
    assert result.error.code == "workflow_output_too_long"


async def test_a_text_that_grows_by_repetition_fails_its_node() -> None:
    engine = Engine(nodes=ScriptedNodes(says("x" * (MAX_TEXT // 2))))

    result = await (await engine.launch(chat_graph("{{#llm.text#}}" * 3))).result()

    assert result.error is not None
    assert result.error.details["node_id"] == "answer"


async def test_an_answer_far_too_long_ends_the_run_before_it_is_shown() -> None:
    engine = Engine(nodes=ScriptedNodes(says("x" * (MAX_TEXT * 4))))

    result = await (await engine.launch(chat_graph("{{#llm.text#}}" * 100))).result()

    assert result.status is RunStatus.FAILED
    assert len(result.answer) < 2 * MAX_OUTCOME


async def test_all_nodes_together_may_put_out_only_so_much() -> None:
    engine = Engine(nodes=ScriptedNodes(says("x" * 1000)), limits=RunLimits(size=500))

    result = await (await engine.launch()).result()

    assert result.error is not None
    assert result.error.details == {"limit": "size", "value": 500}


async def test_what_cannot_be_recorded_fails_the_run_at_once() -> None:
    engine = Engine(nodes=ScriptedNodes(says("\ud800")))

    result = await (await engine.launch()).result()

    assert result.status is RunStatus.FAILED
    assert result.error is not None
    assert result.error.code == "sys_internal_error"
    assert engine.faults.faults
