"""What is journalled can be read back, whatever the event."""

import json
from uuid import UUID

import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.domain.shared.ids import AppId, AppVersionId, FormId, NodeId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.container_events import (
    IterationFailed,
    IterationItem,
    IterationStarted,
    IterationSucceeded,
    LoopFailed,
    LoopRound,
    LoopStarted,
    LoopSucceeded,
    SubWorkflowStarted,
)
from dify_hex.domain.workflow.node_events import InputRequested, NodeSkipped
from dify_hex.domain.workflow.node_run import NodeOutcome, RequestedInput, RunError
from dify_hex.domain.workflow.run_events import (
    EVENT_TYPES,
    PassagesShown,
    RunEvent,
    RunExpired,
    RunPartialSucceeded,
    RunSucceeded,
)
from dify_hex.domain.workflow.statuses import LoopEnding
from tests.builders.citations import citation
from tests.builders.workflow import NOW, at, facts, new_run, started_run

CODEC = PydanticRunEventCodec()
ERROR = RunError(code="x", message="y")


def inside_of_containers() -> list[RunEvent]:
    node_id, form = NodeId("box"), RequestedInput(form_id=FormId(UUID(int=7)), content="Well?")
    return [
        IterationStarted(at=NOW, node_id=node_id, count=2),
        IterationItem(at=NOW, node_id=node_id, index=1, frame="/outer.0"),
        IterationSucceeded(at=NOW, node_id=node_id, count=2, failed=1),
        IterationFailed(at=NOW, node_id=node_id, index=0, error=ERROR),
        LoopStarted(at=NOW, node_id=node_id, variables={"n": 1}),
        LoopRound(at=NOW, node_id=node_id, index=3),
        LoopSucceeded(at=NOW, node_id=node_id, rounds=3, reason=LoopEnding.BREAK),
        LoopFailed(at=NOW, node_id=node_id, index=3, error=ERROR),
        SubWorkflowStarted(
            at=NOW,
            node_id=node_id,
            app_id=AppId(UUID(int=1)),
            app_version_id=AppVersionId(UUID(int=2)),
            graph_hash="0" * 64,
            inputs={"a": None},
        ),
        InputRequested(at=NOW, node_id=node_id, form=form),
        NodeSkipped(at=NOW, node_id=node_id, frame="/box.0"),
        PassagesShown(
            at=NOW, node_id=node_id, citations=(citation(1, first_page=2, headings=("A",)),)
        ),
        RunSucceeded(at=NOW, outputs={"x": 1}, usage=Usage()),
        RunPartialSucceeded(at=NOW, outputs={"x": 1}, usage=Usage(), handled_errors=1),
    ]


def every_event() -> list[RunEvent]:
    run = new_run()
    start = at("start")
    outcome = NodeOutcome(outputs={"a": [1, {"b": None}], "ü": "é"}, usage=Usage(prompt_tokens=1))
    events = [*run.start(facts(run_id=run.run_id, inputs={"n": [1.5, None]}))]
    events += run.start_node(start, now=NOW)
    events += run.interrupt_node(start, ERROR, now=NOW)
    events += run.start_node(start, now=NOW)
    events += run.succeed_node(start, outcome, now=NOW)
    events += run.pause("requested", now=NOW)
    events += run.resume(now=NOW)
    events += run.stop("requested", answer="Hi", now=NOW)
    failed = started_run()
    failed.start_node(start, now=NOW)
    events += failed.fail_node(start, ERROR, now=NOW)
    events += failed.fail(ERROR, answer="", now=NOW)
    events.append(RunExpired(at=NOW, usage=Usage()))
    events += inside_of_containers()
    return events


@pytest.mark.parametrize("event", every_event(), ids=lambda event: event.type)
def test_an_event_survives_the_round_trip(event: RunEvent) -> None:
    payload = CODEC.encode(event)

    assert CODEC.decode(event.type, payload) == event
    assert "type" not in json.loads(payload)


def test_every_type_has_a_name_of_its_own() -> None:
    assert all(name == event.type for name, event in EVENT_TYPES.items())


def test_no_type_is_left_untried() -> None:
    assert {event.type for event in every_event()} == set(EVENT_TYPES)
