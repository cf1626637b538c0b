"""What a workflow refuses tells its owner everything at once."""

from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.events import EVENT_FOR
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.value_type import ValueType


def test_an_invalid_graph_lists_every_fault_in_its_details() -> None:
    faults = [GraphFault(code=code, message="…") for code in ("cycle", "start_missing")]

    error = InvalidGraph(faults)

    assert error.faults == tuple(faults)
    assert error.details == {"faults": [fault.as_detail() for fault in faults]}


def test_every_status_that_a_run_can_rest_in_has_an_event() -> None:
    resting = {status for status in RunStatus if status.is_final} | {RunStatus.PAUSED}

    assert set(EVENT_FOR) == resting


def test_an_answer_can_be_selected_by_later_nodes() -> None:
    assert AnswerConfig(answer="").outputs() == {
        "answer": ValueType.STRING,
        "files": ValueType.FILES,
    }
