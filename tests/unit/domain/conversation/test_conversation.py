"""The conversation: a tree of messages between one end user and one app."""

import pytest

from dify_hex.domain.conversation.conversation import name_from
from dify_hex.domain.conversation.errors import ConversationBusy, ConversationNameInvalid
from dify_hex.domain.conversation.events import ConversationDeleted
from dify_hex.domain.conversation.message import MessageStatus
from tests.builders.app import LATER, NOW
from tests.builders.conversation import ANN, glance, new_conversation, question

OPEN = [MessageStatus.RUNNING, MessageStatus.PAUSED]
FINAL = [status for status in MessageStatus if status not in OPEN]


def test_a_conversation_is_named_after_what_is_asked_first() -> None:
    assert new_conversation("  Where\nis my order? ").state.name == "Where is my order?"


def test_a_long_first_query_gives_a_short_name() -> None:
    name = name_from("order " * 100)

    assert len(name) <= 60
    assert name.endswith("order…")


def test_a_message_belongs_to_the_conversations_app_and_user() -> None:
    conversation = new_conversation()
    asked = question("Hello?")

    message = conversation.ask(asked, reply_to=None, now=LATER)

    assert (message.app_id, message.user) == (conversation.app_id, ANN)
    assert (message.conversation_id, message.parent_id) == (conversation.id, None)
    assert (message.id, message.run_id) == (asked.message_id, asked.run_id)
    assert (message.query, message.inputs) == ("Hello?", {"tone": "kind"})
    assert message.created_at == LATER


def test_the_message_asked_last_is_the_head() -> None:
    conversation = new_conversation()

    conversation.ask(question(), reply_to=None, now=NOW)
    second = conversation.ask(question(), reply_to=glance(), now=LATER)

    assert conversation.state.head_id == second.id
    assert conversation.state.updated_at == LATER


@pytest.mark.parametrize("status", FINAL)
def test_a_reply_waits_for_nothing_once_its_parent_has_ended(status: MessageStatus) -> None:
    parent = glance(status)

    message = new_conversation().ask(question(), reply_to=parent, now=NOW)

    assert message.parent_id == parent.id


@pytest.mark.parametrize("status", OPEN)
def test_who_replies_while_the_parent_is_being_answered_has_to_wait(status: MessageStatus) -> None:
    conversation = new_conversation()
    parent = glance(status)

    with pytest.raises(ConversationBusy) as refused:
        conversation.ask(question(), reply_to=parent, now=NOW)

    assert refused.value.details == {"message_id": str(parent.id)}
    assert conversation.state.head_id is None


def test_it_can_get_a_better_name() -> None:
    conversation = new_conversation()

    conversation.rename(" My order ", now=LATER)

    assert (conversation.state.name, conversation.state.updated_at) == ("My order", LATER)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_is_neither_blank_nor_endless(name: str) -> None:
    with pytest.raises(ConversationNameInvalid):
        new_conversation().rename(name, now=LATER)


def test_deleting_it_is_told_to_others() -> None:
    conversation = new_conversation()

    conversation.delete(now=LATER)

    assert conversation.state.deleted_at == LATER
    assert conversation.pull_events() == (
        ConversationDeleted(
            tenant_id=conversation.tenant_id,
            occurred_at=LATER,
            conversation_id=conversation.id,
            app_id=conversation.app_id,
        ),
    )


def test_its_first_name_is_without_what_cannot_be_seen() -> None:
    assert name_from("where\u202e is\x07 it?") == "where is it?"
