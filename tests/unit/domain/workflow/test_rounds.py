"""Iterations and loops: which rounds begin, what is kept of them, and how they end."""

from dataclasses import replace

import pytest

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.container_events import IterationFailed, LoopFailed, LoopSucceeded
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_policy import ErrorStrategy, NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import Assignment, NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.iteration import ItemErrors, IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig, LoopVariable
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.run import Events, WorkflowRun
from dify_hex.domain.workflow.statuses import LoopEnding, RunStatus
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at as selector
from tests.builders.workflow import NOW, at, child, edge, graph, llm, node, started_run

AWAY = RunError(code="model_unavailable", message="The model is away.")
BROKEN = RunError(code="model_broken", message="The model is broken.")
EACH = IterationConfig(
    iterator_selector=selector("list.items"), output_selector=selector("ask.text")
)
TOGETHER = replace(EACH, is_parallel=True, parallel_nums=2)


def types(events: Events) -> list[str]:
    return [event.type for event in events]


def iterating(config: IterationConfig, policy: NodePolicy | None = None) -> Graph:
    """An iteration of one call."""
    each = replace(node("each", config), policy=policy or NodePolicy())
    return graph([each, child("ask", llm(), "each")])


def iteration(of: Graph, items: list[JsonValue]) -> tuple[WorkflowRun, Events]:
    run = started_run(of, message=False)
    run.variables.put(NodeId("list"), {"items": items})
    return run, run.start_node(at("each"), now=NOW)


def begin(run: WorkflowRun, address: NodeAddress) -> None:
    run.start_node(address, now=NOW)


def end(run: WorkflowRun, address: NodeAddress, **outputs: JsonValue) -> Events:
    return run.succeed_node(address, NodeOutcome(outputs=outputs), now=NOW)


def perform(run: WorkflowRun, address: NodeAddress, **outputs: JsonValue) -> Events:
    begin(run, address)
    return end(run, address, **outputs)


def fail(run: WorkflowRun, address: NodeAddress, error: RunError = AWAY) -> Events:
    begin(run, address)
    return run.fail_node(address, error, now=NOW)


def output_of(run: WorkflowRun, container: str) -> JsonValue:
    return run.nodes[NodeId(container)].outputs["output"]


class TestItems:
    def test_items_follow_each_other(self) -> None:
        run, opened = iteration(iterating(EACH), ["a", "b"])

        assert types(opened) == ["node.started", "iteration.started", "iteration.item"]
        assert run.ready() == (at("ask", "/each.0"),)
        assert types(perform(run, at("ask", "/each.0"), text="A"))[1:] == ["iteration.item"]
        assert run.ready() == (at("ask", "/each.1"),)
        assert types(perform(run, at("ask", "/each.1"), text="B"))[1:] == [
            "iteration.succeeded",
            "node.succeeded",
        ]
        assert output_of(run, "each") == ["A", "B"]

    def test_each_sees_its_item_and_its_number_and_nothing_of_the_others(self) -> None:
        run, _ = iteration(iterating(TOGETHER), ["a", "b"])
        begin(run, at("ask", "/each.0"))
        end(run, at("ask", "/each.0"), text="A")
        seen = run.variables_of(at("ask", "/each.1"))

        assert seen.of(NodeId("each")) == {"item": "b", "index": 1}
        assert not seen.has(selector("ask.text"))

    def test_only_so_many_run_together_and_results_keep_the_order_of_the_items(self) -> None:
        run, _ = iteration(iterating(TOGETHER), ["a", "b", "c"])
        first, second, third = (at("ask", f"/each.{index}") for index in range(3))

        assert run.ready() == (first, second)
        begin(run, first)
        perform(run, second, text="B")
        assert run.ready() == (third,)
        perform(run, third, text="C")
        end(run, first, text="A")
        assert output_of(run, "each") == ["A", "B", "C"]

    def test_without_items_there_is_nothing_to_do(self) -> None:
        run, opened = iteration(iterating(EACH), [])

        assert types(opened)[1:] == ["iteration.started", "iteration.succeeded", "node.succeeded"]
        assert output_of(run, "each") == []

    @pytest.mark.parametrize(
        ("flatten", "results", "collected"),
        [
            (True, [["a"], ["b", "c"]], ["a", "b", "c"]),
            (False, [["a"], ["b", "c"]], [["a"], ["b", "c"]]),
            (True, [["a"], "b"], [["a"], "b"]),
            (True, [[], []], []),
        ],
    )
    def test_results_that_are_all_lists_become_one_list(
        self, flatten: bool, results: list[JsonValue], collected: JsonValue
    ) -> None:
        run, _ = iteration(iterating(replace(EACH, flatten_output=flatten)), [1, 2])
        for index, result in enumerate(results):
            perform(run, at("ask", f"/each.{index}"), text=result)

        assert output_of(run, "each") == collected

    def test_an_item_that_has_not_put_it_out_counts_as_null(self) -> None:
        run, _ = iteration(iterating(EACH), [1])
        perform(run, at("ask", "/each.0"), other="thing")

        assert output_of(run, "each") == [None]


class TestItemsThatFail:
    def test_the_iteration_ends_with_the_first_once_those_under_way_have_ended(self) -> None:
        run, _ = iteration(iterating(TOGETHER), [1, 2, 3])
        first, second = at("ask", "/each.0"), at("ask", "/each.1")
        begin(run, first)

        assert types(fail(run, second, BROKEN)) == ["node.failed"]
        events = run.fail_node(first, AWAY, now=NOW)

        assert types(events) == ["node.failed", "iteration.failed", "node.failed"]
        told = events[1]
        assert isinstance(told, IterationFailed)
        assert (told.index, told.error) == (1, BROKEN)
        assert run.failure is not None
        assert run.failure.details == {"node_id": "each", "attempt": 1}

    @pytest.mark.parametrize(
        ("mode", "collected"),
        [(ItemErrors.CONTINUE, [None, "B"]), (ItemErrors.REMOVE, ["B"])],
    )
    def test_or_goes_on_without_it(self, mode: ItemErrors, collected: list[JsonValue]) -> None:
        run, _ = iteration(iterating(replace(EACH, error_handle_mode=mode)), [1, 2])
        fail(run, at("ask", "/each.0"))
        perform(run, at("ask", "/each.1"), text="B")
        run.succeed(answer="", now=NOW)

        assert output_of(run, "each") == collected
        assert run.status is RunStatus.PARTIAL_SUCCEEDED

    def test_an_iteration_that_is_tried_again_begins_with_its_first_item(self) -> None:
        policy = NodePolicy(retry=RetryPolicy(max_retries=1, interval_seconds=0.0))
        run, _ = iteration(iterating(EACH, policy), [1, 2])
        perform(run, at("ask", "/each.0"), text="A")

        assert types(fail(run, at("ask", "/each.1")))[-1] == "node.retrying"
        assert run.ready() == (at("each"),)
        run.start_node(at("each"), now=NOW)
        assert run.ready() == (at("ask", "/each.0"),)
        perform(run, at("ask", "/each.0"), text="C")
        perform(run, at("ask", "/each.1"), text="D")
        assert output_of(run, "each") == ["C", "D"]

    def test_giving_an_outer_round_up_ends_the_rounds_inside(self) -> None:
        inner = replace(EACH, iterator_selector=selector("list.items"))
        nested = graph(
            [
                node("outer", replace(EACH, error_handle_mode=ItemErrors.CONTINUE)),
                child("each", inner, "outer"),
                child("ask", llm(), "each"),
                child("check", llm(), "outer"),
            ]
        )
        run = started_run(nested, message=False)
        run.variables.put(NodeId("list"), {"items": [1]})
        begin(run, at("outer"))
        begin(run, at("each", "/outer.0"))
        begin(run, at("ask", "/outer.0/each.0"))
        before = run.closures

        fail(run, at("check", "/outer.0"))

        assert run.closures > before
        assert run.open_nodes() == ()
        assert run.node_run(at("ask", "/outer.0/each.0")) is None
        assert run.is_exhausted


def looping(*conditions: Condition, count: int = 3, policy: NodePolicy | None = None) -> Graph:
    """A loop of one call, with a total."""
    config = LoopConfig(
        loop_count=count,
        break_conditions=conditions,
        loop_variables=(LoopVariable(label="total", var_type=ValueType.NUMBER, value=0),),
    )
    loop = replace(node("loop", config), policy=policy or NodePolicy())
    return graph([loop, child("ask", llm(), "loop")])


def at_least(limit: str, of: str = "loop.total") -> Condition:
    return Condition(
        variable_selector=selector(of),
        comparison_operator=ComparisonOperator.AT_LEAST,
        value=limit,
    )


def loop_of(of: Graph) -> tuple[WorkflowRun, Events]:
    run = started_run(of, message=False)
    return run, run.start_node(at("loop"), now=NOW)


def go_round(run: WorkflowRun, index: int, total: int, **outputs: JsonValue) -> Events:
    address = at("ask", f"/loop.{index}")
    begin(run, address)
    assigned = (Assignment(selector("loop.total"), total),)
    return run.succeed_node(address, NodeOutcome(outputs=outputs, assigned=assigned), now=NOW)


def ending_of(events: Events) -> LoopEnding:
    (told,) = (event for event in events if isinstance(event, LoopSucceeded))
    return told.reason


class TestLoops:
    def test_a_loop_goes_round_as_often_as_it_may_and_puts_its_variables_out(self) -> None:
        run, opened = loop_of(looping(count=2))

        assert types(opened) == ["node.started", "loop.started", "loop.round"]
        assert types(go_round(run, 0, 5))[1:] == ["loop.round"]
        events = go_round(run, 1, 8)
        assert types(events)[1:] == ["loop.succeeded", "node.succeeded"]
        assert ending_of(events) is LoopEnding.COMPLETED
        assert run.nodes[NodeId("loop")].outputs == {"total": 8, "loop_round": 2}

    def test_a_round_sees_what_the_one_before_it_has_assigned_but_not_what_it_put_out(self) -> None:
        run, _ = loop_of(looping())
        go_round(run, 0, 5, text="Hi.")
        seen = run.variables_of(at("ask", "/loop.1"))

        assert seen.get(selector("loop.total")) == 5
        assert not seen.has(selector("ask.text"))

    def test_it_ends_as_soon_as_its_conditions_hold(self) -> None:
        run, _ = loop_of(looping(at_least("5")))

        assert ending_of(go_round(run, 0, 5)) is LoopEnding.BREAK

    def test_conditions_that_hold_from_the_start_let_no_round_begin(self) -> None:
        run, opened = loop_of(looping(at_least("0")))

        assert ending_of(opened) is LoopEnding.BREAK
        assert run.nodes[NodeId("loop")].outputs == {"total": 0, "loop_round": 0}

    def test_what_the_children_put_out_can_be_asked_for_after_the_first_round(self) -> None:
        run, opened = loop_of(looping(at_least("3", of="ask.score")))

        assert types(opened)[-1] == "loop.round"
        assert types(go_round(run, 0, 0, score=1))[-1] == "loop.round"
        assert ending_of(go_round(run, 1, 0, score=3)) is LoopEnding.BREAK

    def test_what_is_still_missing_after_a_round_fails_the_loop(self) -> None:
        run, _ = loop_of(looping(at_least("3", of="ask.score")))
        events = go_round(run, 0, 0)

        assert types(events)[1:] == ["loop.failed", "node.failed"]
        told = events[1]
        assert isinstance(told, LoopFailed)
        assert (told.index, told.error.code) == (1, "workflow_variable_missing")

    def test_a_condition_that_cannot_be_decided_fails_the_loop_before_its_first_round(self) -> None:
        run = started_run(looping(at_least("3", of="list.items")), message=False)
        run.variables.put(NodeId("list"), {"items": {"no": "number"}})

        events = run.start_node(at("loop"), now=NOW)

        assert types(events)[2:] == ["loop.failed", "node.failed"]
        assert run.failure is not None
        assert run.failure.code == "workflow_condition_undecidable"

    def test_a_round_that_fails_fails_the_loop(self) -> None:
        run, _ = loop_of(looping())
        go_round(run, 0, 5)
        events = fail(run, at("ask", "/loop.1"))

        assert types(events) == ["node.failed", "loop.failed", "node.failed"]
        told = events[1]
        assert isinstance(told, LoopFailed)
        assert (told.index, told.error) == (1, AWAY)

    def test_a_loop_that_failed_may_be_stood_in_for(self) -> None:
        instead = NodePolicy(on_error=ErrorStrategy.DEFAULT_VALUE, default_outputs={"total": -1})
        run, _ = loop_of(looping(policy=instead))
        fail(run, at("ask", "/loop.0"))

        assert run.failure is None
        assert run.variables.get(selector("loop.total")) == -1

    def test_whoever_reaches_the_end_leaves_at_once_with_what_was_assigned(self) -> None:
        left = looping()
        run, _ = loop_of(
            graph([*left.nodes, child("out", LoopEndConfig(), "loop")], edge("ask", "out"))
        )
        go_round(run, 0, 5)
        events = perform(run, at("out", "/loop.0"))

        assert types(events) == ["node.succeeded", "loop.succeeded", "node.succeeded"]
        assert ending_of(events) is LoopEnding.BREAK
        assert run.nodes[NodeId("loop")].outputs == {"total": 5, "loop_round": 1}
