"""Messages that a drawn graph answers: its inputs, its variables, its bounds."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.app.errors import AppInputsInvalid, AppTakesNoMessages
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.shared.ids import ConversationId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import RunInputsInvalid
from tests.builders.flow import chatflow, workflow
from tests.unit.application.conversation.conftest import ChatHouse, saying


def first_event(house: ChatHouse, number: int = -1) -> JsonObject:
    runs = list(house.shelf.runs.runs.values())
    told: JsonObject = json.loads(runs[number].rows[0].payload)
    return told


async def test_the_graph_answers(house: ChatHouse) -> None:
    app_id = await house.app(chatflow("You said {{#sys.query#}}"))

    sent = await house.say(app_id, "Hi")

    assert sent.answered is not None
    assert sent.answered.answer == "You said Hi"


async def test_a_run_begins_with_the_conversations_variables(house: ChatHouse) -> None:
    declared = [{"name": "notes", "type": "array[string]", "value": []}]
    app_id = await house.app(chatflow(conversation=declared))

    first = await house.say(app_id)
    assert first_event(house)["conversation"] == {"notes": []}
    assert first_event(house)["dialogue_count"] == 0
    assert first.message.conversation_id is not None
    await house.say(app_id, to=ConversationId(first.message.conversation_id))
    assert first_event(house)["dialogue_count"] == 1


async def test_the_app_binds_the_runs_of_its_messages(house: ChatHouse) -> None:
    limits = FlowLimits(steps=9, resume_window_seconds=3)
    app_id = await house.app(replace(chatflow(), limits=limits))

    await house.say(app_id, delivery=Delivery.BACKGROUND)

    (run,) = house.shelf.runs.runs.values()
    assert first_event(house)["bounds"] == {"steps": 9, "seconds": None, "tokens": None}
    assert run.stored.resume_window == timedelta(seconds=3)


async def test_query_and_inputs_have_to_fit(house: ChatHouse) -> None:
    app_id = await house.app(chatflow())

    with pytest.raises(AppInputsInvalid):
        await house.say(app_id, " ")
    command = replace(saying(app_id), inputs={"tone": 1})
    with pytest.raises(RunInputsInvalid):
        await house.send_message.execute(house.caller, command)


async def test_a_workflow_is_not_talked_to(house: ChatHouse) -> None:
    app_id = await house.app(workflow())

    with pytest.raises(AppTakesNoMessages):
        await house.say(app_id)
