"""Drawn apps: what can be wrong besides the graph, and what a run may use up."""

import pytest

from dify_hex.domain.app.errors import AppInputsInvalid
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.run_bounds import RunBounds

GRAPH = GraphDocument("{}")


def test_a_workflow_and_a_chatflow_are_right_by_default() -> None:
    assert WorkflowConfiguration(graph=GRAPH).own_faults() == []
    assert ChatflowConfiguration(graph=GRAPH).own_faults() == []


def test_limits_out_of_range_are_all_told() -> None:
    limits = FlowLimits(
        max_query_length=0,
        steps=0,
        seconds=float("nan"),
        tokens=2_000_000_000,
        resume_window_seconds=-1,
    )

    faults = WorkflowConfiguration(graph=GRAPH, limits=limits).own_faults()

    assert {fault.code for fault in faults} == {"limit_out_of_range"}
    assert [fault.path for fault in faults] == [
        "limits.max_query_length",
        "limits.steps",
        "limits.seconds",
        "limits.tokens",
        "limits.resume_window_seconds",
    ]


def test_the_opening_of_a_chatflow_has_limits() -> None:
    configuration = ChatflowConfiguration(
        graph=GRAPH, opening_statement="x" * 10_001, suggested_questions=("", *["Why?"] * 20)
    )

    assert [fault.code for fault in configuration.own_faults()] == [
        "opening_statement_too_long",
        "suggested_questions_too_many",
        "suggested_question_invalid",
    ]


def test_a_run_is_bound_by_what_the_app_says() -> None:
    limits = FlowLimits(steps=5, seconds=1.5, tokens=7)

    assert limits.bounds == RunBounds(steps=5, seconds=1.5, tokens=7)
    assert FlowLimits().bounds == RunBounds()


@pytest.mark.parametrize(
    ("query", "code"), [(" ", "query_missing"), ("too long", "query_too_long")]
)
def test_a_query_has_to_fit(query: str, code: str) -> None:
    configuration = ChatflowConfiguration(graph=GRAPH, limits=FlowLimits(max_query_length=5))

    configuration.check_query("Hello")
    with pytest.raises(AppInputsInvalid) as refused:
        configuration.check_query(query)

    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_workflow_takes_no_messages() -> None:
    assert not AppMode.WORKFLOW.takes_messages
    assert AppMode.CHATFLOW.takes_messages
