"""A run of which nothing is stored: it executes here, and tells whoever asked."""

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.records import StreamEntry
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.engine import KeptFaults, StillClock
from tests.builders.workflow import chat_graph, facts
from tests.fakes.scripted_nodes import ScriptedNodes


async def executed(
    *, message: bool = True, nodes: ScriptedNodes | None = None, limits: RunLimits | None = None
) -> tuple[RunResult, list[StreamEntry]]:
    runs = DetachedRuns(
        nodes=nodes or ScriptedNodes(),
        codec=PydanticRunEventCodec(),
        clock=StillClock(),
        faults=KeptFaults(),
        limits=limits or RunLimits(),
    )
    told: list[StreamEntry] = []
    result = await runs.execute(
        TenantId(new_id()), chat_graph(), facts(message=message), told.append
    )
    return result, told


async def test_a_message_is_answered_and_each_piece_told() -> None:
    result, told = await executed()

    assert (result.status, result.answer) == (RunStatus.SUCCEEDED, "Hello.")
    assert "".join(entry.data for entry in told if entry.type == "message.delta") == "Hello."
    assert [entry.type for entry in told][-2:] == ["message.complete", "run.succeeded"]


async def test_events_are_told_in_order_and_none_twice() -> None:
    _, told = await executed()
    numbers = [entry.seq for entry in told if entry.n == 0]

    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_run_that_answers_nobody_says_nothing_of_a_message() -> None:
    result, told = await executed(message=False)

    assert result.status is RunStatus.SUCCEEDED
    assert not [entry for entry in told if entry.type.startswith("message.")]


async def test_it_fails_as_any_other() -> None:
    broken = ScriptedNodes(start_error=VariableMissing(selector="a.b"))
    result, told = await executed(nodes=broken)

    assert result.error is not None
    assert (result.status, result.error.code) == (RunStatus.FAILED, "workflow_variable_missing")
    assert told[-1].type == "run.failed"


async def test_it_keeps_to_the_same_limits() -> None:
    result, _ = await executed(limits=RunLimits(steps=1))

    assert result.error is not None
    assert result.error.details["limit"] == "steps"
