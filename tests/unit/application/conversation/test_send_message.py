"""Saying something to an app."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dify_hex.application.app.runnable_apps import VersionChoice
from dify_hex.application.shared.actor import AppNotAllowed, PermissionDenied
from dify_hex.application.shared.idempotency import Claim, IdempotencyInProgress, IdempotencyKey
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppInputsInvalid, AppNotPublished
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import (
    AnswerFailed,
    ConversationBusy,
    ConversationNotFound,
    ConversationUnsupported,
    ParentNotFound,
    ParentWithoutConversation,
)
from dify_hex.domain.conversation.message import MessageStatus
from dify_hex.domain.shared.errors import StaleVersion, Unavailable
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName, MessageId
from dify_hex.domain.shared.values.input_variable import InputVariable
from dify_hex.domain.workflow.errors import RunsFull
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.app import TENANT, actor, chat, completion, new_app
from tests.fakes.scripted_nodes import Dialogue
from tests.unit.application.conversation.conftest import ChatHouse, saying


async def test_a_blocking_message_is_answered_with_the_whole_answer(house: ChatHouse) -> None:
    app_id = await house.app()

    sent = await house.say(app_id, "Where is my order?")

    assert sent.answered is not None
    assert (sent.answered.status, sent.answered.answer) == (MessageStatus.SUCCEEDED, "Hello.")
    assert sent.answered.query == "Where is my order?"
    (conversation,) = house.database.all(Conversation)
    assert conversation.state.name == "Where is my order?"
    assert conversation.state.head_id == sent.message.id == sent.answered.id
    assert house.shelf.messages == {sent.message.id: sent.message}


async def test_the_run_knows_what_it_answers(house: ChatHouse) -> None:
    app_id = await house.app(chat("{{ tone }}", InputVariable(name="tone", default="kind")))

    sent = await house.say(app_id)

    run = house.shelf.runs.runs[sent.message.run_id]
    assert '"tone":"kind"' in run.rows[0].payload.replace(" ", "")
    assert str(sent.message.id) in run.rows[0].payload


async def test_a_streamed_message_is_answered_at_once_and_goes_on(
    slow_house: ChatHouse, dialogue: Dialogue
) -> None:
    app_id = await slow_house.app()

    sent = await slow_house.say(app_id, delivery=Delivery.STREAM)

    assert sent.answered is None
    assert slow_house.shelf.view(sent.message).status is MessageStatus.RUNNING
    (hosted,) = slow_house.engine.host.runs
    assert hosted.lease.run_id == sent.message.run_id
    dialogue.finish("Bye.")
    await hosted.task
    assert slow_house.shelf.view(sent.message).answer == "Bye."


async def test_a_background_message_waits_for_a_worker(house: ChatHouse) -> None:
    app_id = await house.app()

    sent = await house.say(app_id, delivery=Delivery.BACKGROUND)

    assert house.engine.host.runs == ()
    assert house.shelf.runs.runs[sent.message.run_id].status is RunStatus.PENDING


async def test_a_full_process_stores_nothing(slow_house: ChatHouse, dialogue: Dialogue) -> None:
    app_id = await slow_house.app()
    await slow_house.say(app_id, delivery=Delivery.STREAM)

    with pytest.raises(RunsFull):
        await slow_house.say(app_id)

    assert len(slow_house.shelf.messages) == 1
    await slow_house.say(app_id, delivery=Delivery.BACKGROUND)


async def test_a_message_that_is_refused_leaves_its_place_free(slow_house: ChatHouse) -> None:
    app_id = await slow_house.app()

    with pytest.raises(AppInputsInvalid):
        await slow_house.say(app_id, "  ")

    assert slow_house.engine.host.free_places == 1
    assert slow_house.shelf.messages == {}


async def test_a_message_that_cannot_be_answered_says_why(
    slow_house: ChatHouse, dialogue: Dialogue
) -> None:
    app_id = await slow_house.app()
    dialogue.fail(Unavailable("The model is asleep."))

    with pytest.raises(AnswerFailed) as failed:
        await slow_house.say(app_id)

    (message,) = slow_house.shelf.messages.values()
    assert failed.value.details["message_id"] == str(message.id)
    assert failed.value.details["explanation"] == "The model is asleep."
    assert slow_house.shelf.view(message).status is MessageStatus.FAILED


async def test_a_reply_goes_to_the_last_message(house: ChatHouse) -> None:
    app_id = await house.app()
    first = await house.say(app_id)

    second = await house.say(app_id, "And?", to=first.message.conversation_id)

    assert second.message.parent_id == first.message.id
    assert second.message.conversation_id == first.message.conversation_id
    assert len(house.database.all(Conversation)) == 1


async def test_a_reply_can_go_to_any_message_and_begin_a_branch(house: ChatHouse) -> None:
    app_id = await house.app()
    first = await house.say(app_id)
    conversation_id = first.message.conversation_id
    await house.say(app_id, "And?", to=conversation_id)

    sibling = await house.send_message.execute(
        house.caller,
        replace(saying(app_id, "Or?"), conversation_id=conversation_id, parent_id=first.message.id),
    )
    root = await house.send_message.execute(
        house.caller,
        replace(saying(app_id), conversation_id=conversation_id, from_beginning=True),
    )

    assert sibling.message.parent_id == first.message.id
    assert root.message.parent_id is None


async def test_who_replies_too_early_is_told_to_wait(slow_house: ChatHouse) -> None:
    app_id = await slow_house.app()
    first = await slow_house.say(app_id, delivery=Delivery.STREAM)

    with pytest.raises(ConversationBusy):
        await slow_house.say(app_id, delivery=Delivery.BACKGROUND, to=first.message.conversation_id)


async def test_of_two_who_ask_at_once_one_is_told_to_wait(house: ChatHouse) -> None:
    app_id = await house.app()
    first = await house.say(app_id)
    house.database.failure = StaleVersion()

    with pytest.raises(ConversationBusy):
        await house.say(app_id, to=first.message.conversation_id)


async def test_a_conversation_exists_for_its_own_user_and_app_only(house: ChatHouse) -> None:
    app_id, other_app = await house.app(), await house.app()
    conversation_id = (await house.say(app_id)).message.conversation_id
    command = replace(saying(app_id), conversation_id=conversation_id)

    with pytest.raises(ConversationNotFound):
        await house.send_message.execute(house.caller, replace(command, user=EndUserName("bob")))
    with pytest.raises(ConversationNotFound):
        await house.send_message.execute(house.caller, replace(command, app_id=other_app))
    with pytest.raises(ConversationNotFound):
        await house.say(app_id, to=ConversationId(new_id()))


async def test_a_parent_has_to_be_in_the_conversation(house: ChatHouse) -> None:
    app_id = await house.app()
    first, other = await house.say(app_id), await house.say(app_id)
    command = replace(saying(app_id), parent_id=other.message.id)

    with pytest.raises(ParentNotFound):
        await house.send_message.execute(
            house.caller, replace(command, conversation_id=first.message.conversation_id)
        )
    with pytest.raises(ParentWithoutConversation):
        await house.send_message.execute(house.caller, command)


async def test_a_completion_answers_each_message_alone(house: ChatHouse) -> None:
    app_id = await house.app(completion("Write."))

    sent = await house.say(app_id, "")

    assert (sent.message.conversation_id, sent.message.parent_id) == (None, None)
    assert house.database.all(Conversation) == []


async def test_a_completion_has_no_conversations_to_go_on_with(house: ChatHouse) -> None:
    command = saying(await house.app(completion("Write.")), "")

    with pytest.raises(ConversationUnsupported):
        await house.send_message.execute(
            house.caller, replace(command, conversation_id=ConversationId(new_id()))
        )
    with pytest.raises(ConversationUnsupported):
        await house.send_message.execute(
            house.caller, replace(command, parent_id=MessageId(new_id()))
        )


async def test_wrong_inputs_are_all_named(house: ChatHouse) -> None:
    app_id = await house.app(chat("", InputVariable(name="tone")))

    with pytest.raises(AppInputsInvalid) as refused:
        await house.send_message.execute(
            house.caller, replace(saying(app_id, ""), inputs={"colour": "red"})
        )

    assert [fault.path for fault in refused.value.faults] == [
        "query",
        "inputs.tone",
        "inputs.colour",
    ]


async def test_the_draft_answers_who_may_edit_it(house: ChatHouse) -> None:
    app_id = await house.app()
    command = replace(saying(app_id), version=VersionChoice.DRAFT)

    sent = await house.send_message.execute(house.caller, command)
    with pytest.raises(PermissionDenied):
        await house.send_message.execute(actor(Permission.APP_RUN), command)

    assert sent.answered is not None
    (row, *_) = house.shelf.runs.runs[sent.message.run_id].rows
    assert '"app_version_id":null' in row.payload.replace(" ", "")


async def test_sending_takes_the_permission_for_this_app(house: ChatHouse) -> None:
    app_id = await house.app()

    with pytest.raises(PermissionDenied):
        await house.send_message.execute(actor(Permission.APP_READ), saying(app_id))
    with pytest.raises(AppNotAllowed):
        await house.send_message.execute(actor(bound_app_id=AppId(new_id())), saying(app_id))
    bound = actor(Permission.APP_RUN, bound_app_id=app_id)
    assert (await house.send_message.execute(bound, saying(app_id))).answered is not None


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (timedelta(seconds=3), timedelta(seconds=3)),
        (timedelta(0), timedelta(0)),
        (None, timedelta(seconds=7)),
    ],
)
async def test_how_long_a_run_waits_for_readers_is_the_callers_choice_or_else_the_operators(
    house: ChatHouse, wanted: timedelta | None, kept: timedelta
) -> None:
    app_id = await house.app()

    sent = await house.send_message.execute(
        house.caller, replace(saying(app_id), resume_window=wanted)
    )

    stored = house.shelf.runs.runs[sent.message.run_id].stored
    assert stored.resume_window == kept


async def test_an_app_has_to_be_published_to_answer(house: ChatHouse) -> None:
    unpublished = new_app()
    async with house.begin(TENANT) as work:
        work.apps.add(unpublished)
        await work.commit()

    with pytest.raises(AppNotPublished):
        await house.say(unpublished.id)


def a_claim() -> Claim:
    key = IdempotencyKey(tenant_id=TENANT, caller="key:1", route="POST", key="k", fingerprint=b"")
    return Claim(key=key, claimed_at=datetime(2026, 11, 21, tzinfo=UTC))


async def test_who_repeats_a_request_with_a_key_finds_its_message(house: ChatHouse) -> None:
    app_id, claim = await house.app(), a_claim()

    sent = await house.send_message.execute(
        house.caller, replace(saying(app_id, delivery=Delivery.STREAM), claim=claim)
    )

    assert house.shelf.claims == {claim: sent.message.id}


async def test_who_has_lost_the_claim_on_its_key_stores_nothing(house: ChatHouse) -> None:
    app_id, claim = await house.app(), a_claim()
    house.shelf.lost_claims.add(claim)

    with pytest.raises(IdempotencyInProgress):
        await house.send_message.execute(
            house.caller, replace(saying(app_id, delivery=Delivery.STREAM), claim=claim)
        )

    assert house.shelf.messages == {}
