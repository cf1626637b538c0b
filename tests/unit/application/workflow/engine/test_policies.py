"""What becomes of failures: retries, timeouts, branches, and rounds that go no further."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput, TextDelta
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH, ErrorStrategy, NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.iteration import ItemErrors, IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.selector import Selector
from tests.builders.engine import Engine, until
from tests.builders.workflow import edge, graph, llm, node
from tests.fakes.scripted_nodes import ScriptedNodes

AWAY = VariableMissing(selector="a.b")
ONCE_MORE = RetryPolicy(max_retries=2, interval_seconds=0.0)


def with_policy(policy: NodePolicy, *more: Node, answer: str = "{{#llm.text#}}") -> Graph:
    """Start → llm, which has the policy → answer."""
    return graph(
        [
            node("start", StartConfig()),
            replace(node("llm", llm()), policy=policy),
            node("answer", AnswerConfig(answer=answer)),
            *more,
        ],
        edge("start", "llm"),
        edge("llm", "answer"),
        *(edge("llm", each.id, FAIL_BRANCH) for each in more),
    )


def child(node_id: str, config: object, parent: str) -> Node:
    return replace(node(node_id, config), parent=NodeId(parent))  # type: ignore[arg-type] # any


class Scripts:
    """What each node does, by its id; a list is used up attempt by attempt."""

    def __init__(self, **scripts: list[NodeOutcome | Exception]) -> None:
        self._scripts = scripts
        self.cancelled: list[str] = []
        self.keys: list[str] = []

    async def run(self, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        self.keys.append(context.effect_key)
        steps = self._scripts.get(context.node_id)
        if steps is None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled.append(context.node_id)
                raise
            return
        step = steps.pop(0)
        if isinstance(step, Exception):
            yield TextDelta("Half a")
            raise step
        yield step


def said(text: str) -> NodeOutcome:
    return NodeOutcome(outputs={"text": text})


class TestRetries:
    async def test_an_attempt_that_fails_is_repeated_under_a_new_key(self) -> None:
        scripts = Scripts(llm=[AWAY, AWAY, said("At last.")])
        engine = Engine(nodes=ScriptedNodes(scripts.run))

        result = await (await engine.launch(with_policy(NodePolicy(retry=ONCE_MORE)))).result()

        assert (result.status, result.answer) == (RunStatus.SUCCEEDED, "At last.")
        assert engine.journal().count("node.retrying") == 2
        assert len(set(scripts.keys)) == 3

    async def test_what_a_failed_attempt_has_shown_is_taken_back(self) -> None:
        scripts = Scripts(llm=[AWAY, said("Whole.")])
        engine = Engine(nodes=ScriptedNodes(scripts.run))

        await (await engine.launch(with_policy(NodePolicy(retry=ONCE_MORE)))).result()

        assert "message.reset" in engine.stream.types
        assert engine.stream.text == "Whole."

    async def test_a_repetition_waits_for_its_time(self) -> None:
        patient = NodePolicy(retry=RetryPolicy(max_retries=1, interval_seconds=0.02))
        scripts = Scripts(llm=[AWAY, said("Later.")])
        engine = Engine(nodes=ScriptedNodes(scripts.run))

        handle = await engine.launch(with_policy(patient))
        await until(lambda: "node.retrying" in engine.stream.types)
        assert len(scripts.keys) == 1
        engine.clock.advance(1)

        assert (await handle.result()).answer == "Later."

    async def test_a_run_that_waits_to_repeat_can_be_stopped(self) -> None:
        patient = NodePolicy(retry=RetryPolicy(max_retries=1, interval_seconds=50))
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[AWAY]).run))
        handle = await engine.launch(with_policy(patient))
        await until(lambda: "node.retrying" in engine.stream.types)

        engine.stop_only_run()

        assert (await handle.result()).status is RunStatus.STOPPED


class TestStrategies:
    async def test_a_default_value_stands_in_and_the_run_succeeds_in_part(self) -> None:
        instead = NodePolicy(
            on_error=ErrorStrategy.DEFAULT_VALUE,
            default_outputs={
                "text": "Sorry.",
                "reasoning_content": "",
                "finish_reason": "",
                "usage": {},
            },
        )
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[AWAY]).run))

        result = await (await engine.launch(with_policy(instead))).result()

        assert (result.status, result.answer) == (RunStatus.PARTIAL_SUCCEEDED, "Sorry.")

    async def test_a_failure_can_take_a_branch_of_its_own(self) -> None:
        branch = NodePolicy(on_error=ErrorStrategy.FAIL_BRANCH)
        excuse = node("excuse", AnswerConfig(answer="{{#llm.error_type#}}"))
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[AWAY]).run))

        result = await (await engine.launch(with_policy(branch, excuse))).result()

        assert result.answer == "workflow_variable_missing"
        assert engine.journal().count("node.skipped") == 1

    async def test_without_one_the_run_fails_and_names_node_and_attempt(self) -> None:
        policy = NodePolicy(retry=RetryPolicy(max_retries=1, interval_seconds=0))
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[AWAY, AWAY]).run))

        result = await (await engine.launch(with_policy(policy))).result()

        assert result.error is not None
        assert result.error.details == {"selector": "a.b", "node_id": "llm", "attempt": 2}

    async def test_an_attempt_that_takes_too_long_fails(self) -> None:
        scripts = Scripts()
        engine = Engine(nodes=ScriptedNodes(scripts.run))

        hasty = with_policy(NodePolicy(timeout_seconds=0.01))
        result = await (await engine.launch(hasty)).result()

        assert result.error is not None
        assert result.error.code == "workflow_node_timeout"
        assert scripts.cancelled == ["llm"]


class TestLimits:
    async def test_a_run_may_use_only_so_many_tokens(self) -> None:
        costly = NodeOutcome(outputs={"text": "Hi."}, usage=Usage(prompt_tokens=11))
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[costly]).run), limits=RunLimits(tokens=10))

        result = await (await engine.launch()).result()

        assert result.error is not None
        assert result.error.details == {"limit": "tokens", "value": 10}

    async def test_only_so_many_effects_are_under_way_at_a_time(self) -> None:
        names = [f"n{number}" for number in range(6)]
        wide = graph(
            [
                node("start", StartConfig()),
                node("pass", AnswerConfig(answer="")),
                *(node(name, llm()) for name in names),
            ],
            edge("start", "pass"),
            *(edge("pass", name) for name in names),
        )
        open_calls: list[int] = []

        async def count(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
            open_calls.append(engine.nodes.open_calls)
            await asyncio.sleep(0)
            yield said(context.node_id)

        engine = Engine(nodes=ScriptedNodes(count), limits=RunLimits(parallel=2))
        result = await (await engine.launch(wide)).result()

        assert result.status is RunStatus.SUCCEEDED
        assert (len(open_calls), max(open_calls)) == (6, 2)

    async def test_many_pure_nodes_let_commands_through(self) -> None:
        endless = graph(
            [
                node("start", StartConfig()),
                node("loop", LoopConfig(loop_count=1000)),
                child("say", AnswerConfig(answer="."), "loop"),
            ],
            edge("start", "loop"),
        )
        engine = Engine()
        handle = await engine.launch(endless)
        await until(lambda: "loop.round" in engine.stream.types)

        engine.stop_only_run()

        assert (await handle.result()).status is RunStatus.STOPPED


class TestRounds:
    async def test_breaking_out_of_a_loop_ends_what_is_under_way_in_it(self) -> None:
        looping = graph(
            [
                node("start", StartConfig()),
                node("loop", LoopConfig(loop_count=3)),
                child("slow", llm(), "loop"),
                child("quick", llm(), "loop"),
                child("end", LoopEndConfig(), "loop"),
                node("answer", AnswerConfig(answer="Out after {{#loop.loop_round#}}.")),
            ],
            edge("start", "loop"),
            edge("quick", "end"),
            edge("loop", "answer"),
        )
        scripts = Scripts(quick=[said("")])
        engine = Engine(nodes=ScriptedNodes(scripts.run))

        result = await (await engine.launch(looping)).result()

        assert result.answer == "Out after 1."
        assert scripts.cancelled == ["slow"]

    async def test_an_item_that_fails_ends_what_is_under_way_in_it(self) -> None:
        iterating = graph(
            [
                node("start", StartConfig()),
                node(
                    "each",
                    IterationConfig(
                        iterator_selector=Selector(NodeId("sys"), "files"),
                        output_selector=Selector(NodeId("slow"), "text"),
                        error_handle_mode=ItemErrors.CONTINUE,
                    ),
                ),
                child("slow", llm(), "each"),
                child("broken", llm(), "each"),
                node("answer", AnswerConfig(answer="Done.")),
            ],
            edge("start", "each"),
            edge("each", "answer"),
        )
        scripts = Scripts(broken=[AWAY])
        engine = Engine(nodes=ScriptedNodes(scripts.run), files=({"$file": {}},))

        result = await (await engine.launch(iterating)).result()

        assert result.status is RunStatus.PARTIAL_SUCCEEDED
        assert scripts.cancelled == ["slow"]

    async def test_an_iteration_over_what_is_no_list_says_so(self) -> None:
        iterating = graph(
            [
                node("start", StartConfig()),
                node("llm", llm()),
                node(
                    "each",
                    IterationConfig(
                        iterator_selector=Selector(NodeId("llm"), "usage", ("total_tokens",)),
                        output_selector=Selector(NodeId("say"), "answer"),
                    ),
                ),
                child("say", AnswerConfig(answer="x"), "each"),
            ],
            edge("start", "llm"),
            edge("llm", "each"),
        )
        counted = NodeOutcome(outputs={"usage": {"total_tokens": 3}})
        engine = Engine(nodes=ScriptedNodes(Scripts(llm=[counted]).run))

        result = await (await engine.launch(iterating)).result()

        assert result.error is not None
        assert result.error.code == "workflow_not_a_list"
