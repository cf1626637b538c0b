"""Reading, stopping, judging, renaming and deleting what was said."""

import pytest

from dify_hex.application.conversation.delete_conversation import (
    DeleteConversation,
    DeleteConversationCommand,
)
from dify_hex.application.conversation.give_feedback import GiveFeedback, GiveFeedbackCommand
from dify_hex.application.conversation.read_conversation import (
    ReadConversation,
    ReadConversationCommand,
)
from dify_hex.application.conversation.read_message import ReadMessage, ReadMessageCommand
from dify_hex.application.conversation.rename_conversation import (
    RenameConversation,
    RenameConversationCommand,
)
from dify_hex.application.conversation.stop_message import StopMessage, StopMessageCommand
from dify_hex.application.shared.actor import Actor, AppNotAllowed, PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import ConversationNotFound, MessageNotFound
from dify_hex.domain.conversation.feedback import Feedback, FeedbackRating, Opinion
from dify_hex.domain.conversation.message import MessageStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName, MessageId, TenantId
from tests.builders.app import actor
from tests.builders.conversation import ANN
from tests.fakes.memory_conversation import MemoryConversationReader, MemoryMessageReader
from tests.fakes.scripted_nodes import Dialogue
from tests.unit.application.conversation.conftest import ChatHouse

BOB = EndUserName("bob")
LIKE = Opinion(rating=FeedbackRating.LIKE, reason="Kind.")
DISLIKE = Opinion(rating=FeedbackRating.DISLIKE)

#: Whoever must not see or change what Ann has said, and what they are told.
STRANGERS = [
    pytest.param(actor(tenant_id=TenantId(new_id())), None, True, id="another tenant"),
    pytest.param(actor(), BOB, True, id="another end user"),
    pytest.param(actor(Permission.MODEL_READ), None, PermissionDenied, id="no permission"),
    pytest.param(actor(bound_app_id=AppId(new_id())), None, AppNotAllowed, id="another app's key"),
]


class Said:
    """A message that Ann has sent, and every use case about it."""

    def __init__(self, house: ChatHouse, message_id: MessageId, conversation: object) -> None:
        assert isinstance(conversation, type(new_id()))
        self.house = house
        self.message_id = message_id
        self.conversation_id = ConversationId(conversation)

    async def read(self, by: Actor, user: EndUserName | None = None) -> MessageStatus:
        use_case = ReadMessage(messages=MemoryMessageReader(self.house.shelf))
        command = ReadMessageCommand(message_id=self.message_id, user=user)
        return (await use_case.execute(by, command)).status

    async def look(self, by: Actor, user: EndUserName | None = None) -> str:
        use_case = ReadConversation(conversations=MemoryConversationReader(self.house.database))
        command = ReadConversationCommand(conversation_id=self.conversation_id, user=user)
        return (await use_case.execute(by, command)).name

    async def stop(self, by: Actor, user: EndUserName | None = None) -> None:
        use_case = StopMessage(begin=self.house.begin, stop_run=self.house.stop_run)
        await use_case.execute(by, StopMessageCommand(message_id=self.message_id, user=user))

    async def judge(
        self, by: Actor, user: EndUserName | None = None, opinion: Opinion | None = LIKE
    ) -> None:
        use_case = GiveFeedback(begin=self.house.begin, clock=self.house.clock)
        await use_case.execute(
            by, GiveFeedbackCommand(message_id=self.message_id, opinion=opinion, user=user)
        )

    async def rename(
        self, by: Actor, user: EndUserName | None = None, version: int | None = None
    ) -> str:
        use_case = RenameConversation(begin=self.house.begin, clock=self.house.clock)
        view = await use_case.execute(
            by,
            RenameConversationCommand(
                conversation_id=self.conversation_id,
                name="My order",
                user=user,
                expected_version=version,
            ),
        )
        return view.name

    async def delete(
        self, by: Actor, user: EndUserName | None = None, version: int | None = None
    ) -> None:
        use_case = DeleteConversation(
            begin=self.house.begin, clock=self.house.clock, stop_run=self.house.stop_run
        )
        await use_case.execute(
            by,
            DeleteConversationCommand(
                conversation_id=self.conversation_id, user=user, expected_version=version
            ),
        )


async def said_in(house: ChatHouse, delivery: Delivery = Delivery.BLOCKING) -> Said:
    sent = await house.say(await house.app(), delivery=delivery)
    return Said(house, sent.message.id, sent.message.conversation_id)


@pytest.fixture
async def said(house: ChatHouse) -> Said:
    """A message that was answered."""
    return await said_in(house)


@pytest.mark.parametrize(("by", "user", "refusal"), STRANGERS)
@pytest.mark.parametrize("verb", ["read", "stop", "judge"])
async def test_a_message_is_not_there_for_strangers(
    said: Said,
    by: Actor,
    user: EndUserName | None,
    refusal: bool | type[Exception],
    verb: str,
) -> None:
    expected = MessageNotFound if isinstance(refusal, bool) else refusal

    with pytest.raises(expected):
        await getattr(said, verb)(by, user)


@pytest.mark.parametrize(("by", "user", "refusal"), STRANGERS)
@pytest.mark.parametrize("verb", ["look", "rename", "delete"])
async def test_a_conversation_is_not_there_for_strangers(
    said: Said,
    by: Actor,
    user: EndUserName | None,
    refusal: bool | type[Exception],
    verb: str,
) -> None:
    expected = ConversationNotFound if isinstance(refusal, bool) else refusal

    with pytest.raises(expected):
        await getattr(said, verb)(by, user)


@pytest.mark.parametrize("user", [None, ANN])
async def test_its_own_user_or_nobody_in_particular_may_look(
    house: ChatHouse, said: Said, user: EndUserName | None
) -> None:
    assert await said.read(house.caller, user) is MessageStatus.SUCCEEDED
    assert await said.look(house.caller, user) == "Hello?"


async def test_stopping_keeps_what_was_said_so_far(
    slow_house: ChatHouse, dialogue: Dialogue
) -> None:
    said = await said_in(slow_house, Delivery.STREAM)
    (hosted,) = slow_house.engine.host.runs

    await said.stop(slow_house.caller)
    await hosted.task

    assert await said.read(slow_house.caller) is MessageStatus.STOPPED


async def test_stopping_what_has_ended_changes_nothing(house: ChatHouse, said: Said) -> None:
    await said.stop(house.caller)

    assert await said.read(house.caller) is MessageStatus.SUCCEEDED


async def test_an_opinion_is_given_changed_and_withdrawn(house: ChatHouse, said: Said) -> None:
    await said.judge(house.caller, ANN, LIKE)
    await said.judge(house.caller, None, DISLIKE)

    (feedback,) = house.database.all(Feedback)
    assert (feedback.opinion, feedback.subject.user) == (DISLIKE, ANN)

    await said.judge(house.caller, opinion=None)
    await said.judge(house.caller, opinion=None)
    assert house.database.all(Feedback) == []
    assert [event.name for event in house.database.events if event.name.startswith("feedback")] == [
        "feedback.given",
        "feedback.given",
        "feedback.withdrawn",
    ]


async def test_a_conversation_can_be_renamed(house: ChatHouse, said: Said) -> None:
    assert await said.rename(house.caller, ANN) == "My order"
    assert await said.look(house.caller) == "My order"


async def test_a_conversation_that_has_changed_meanwhile_is_left_alone(
    house: ChatHouse, said: Said
) -> None:
    with pytest.raises(StaleVersion):
        await said.rename(house.caller, version=9)
    with pytest.raises(StaleVersion):
        await said.delete(house.caller, version=9)


async def test_deleting_a_conversation_stops_its_answers_under_way(
    slow_house: ChatHouse, dialogue: Dialogue
) -> None:
    said = await said_in(slow_house, Delivery.STREAM)
    (hosted,) = slow_house.engine.host.runs

    await said.delete(actor(Permission.CONVERSATION_WRITE))
    await hosted.task

    assert await said.read(slow_house.caller) is MessageStatus.STOPPED


async def test_a_deleted_conversation_is_gone(house: ChatHouse, said: Said) -> None:
    await said.delete(house.caller, ANN)

    with pytest.raises(ConversationNotFound):
        await said.rename(house.caller)
    (conversation,) = house.database.all(Conversation)
    assert conversation.state.deleted_at == house.clock.now()
    assert len(house.database.events_named("conversation.deleted")) == 1
