"""What is journalled can be read back, whatever the event."""

import json

import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.run_events import EVENT_TYPES, RunEvent, RunExpired
from tests.builders.workflow import NOW, facts, new_run, started_run

CODEC = PydanticRunEventCodec()
ERROR = RunError(code="x", message="y")


def every_event() -> list[RunEvent]:
    run = new_run()
    start = NodeId("start")
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
    return events


@pytest.mark.parametrize("event", every_event(), ids=lambda event: event.type)
def test_an_event_survives_the_round_trip(event: RunEvent) -> None:
    payload = CODEC.encode(event)

    assert CODEC.decode(event.type, payload) == event
    assert "type" not in json.loads(payload)


def test_every_type_has_a_name_of_its_own() -> None:
    assert all(name == event.type for name, event in EVENT_TYPES.items())
