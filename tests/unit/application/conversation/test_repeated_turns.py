"""A message whose answer failed is asked once more, beside the former one."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import pytest

from dify_hex.application.app.branching import Reception
from dify_hex.application.app.retry_run import RetryRun, RetryRunCommand
from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.conversation.send_message import SentMessage
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import ConversationBusy, ConversationNotFound
from dify_hex.domain.conversation.message import Message, MessageStatus
from dify_hex.domain.shared.ids import AppId, ConversationId, MessageId
from dify_hex.domain.workflow.errors import NothingToRetry
from dify_hex.domain.workflow.node_run import NodeOutcome
from tests.builders.app import completion
from tests.builders.engine import until
from tests.fakes.scripted_nodes import ScriptedNodes
from tests.unit.application.conversation.conftest import ChatHouse


@dataclass
class Moods:
    """A model that says hello, or fails as long as it is broken."""

    broken: bool = False
    asked: list[str | None] = field(default_factory=list)

    async def script(self, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        self.asked.append(context.facts.query)
        if self.broken:
            raise ConnectionError
        yield NodeOutcome(outputs={"text": f"Hello {len(self.asked)}"})


@dataclass
class House(ChatHouse):
    """A house in which answers can fail."""

    app_id: AppId = field(init=False)

    query: str = "Hello?"

    async def sent(self, *, to: ConversationId | None = None) -> Message:
        sent: SentMessage = await self.say(self.app_id, self.query, Delivery.STREAM, to=to)
        await until(lambda: self.shelf.status_of(sent.message).is_final)
        return sent.message

    async def retry(self, message: Message, response: Delivery = Delivery.BLOCKING) -> BegunRun:
        command = RetryRunCommand(run_id=message.run_id, reception=Reception(response=response))
        return await RetryRun(branching=self.branching).execute(self.caller, command)

    def message(self, message_id: MessageId | None) -> Message:
        assert message_id is not None
        return self.shelf.messages[message_id]

    def head(self, message: Message) -> MessageId | None:
        (conversation,) = self.database.all(Conversation)
        assert conversation.id == message.conversation_id
        return conversation.state.head_id


@pytest.fixture
def moods() -> Moods:
    return Moods()


@pytest.fixture
async def house(moods: Moods) -> AsyncIterator[House]:
    house = House(nodes=ScriptedNodes(moods.script))
    house.app_id = await house.app()
    yield house
    await house.engine.host.drain(seconds=0)


async def test_the_question_stands_once_more_beside_the_former_one(
    house: House, moods: Moods
) -> None:
    first = await house.sent()
    moods.broken = True
    failed = await house.sent(to=first.conversation_id)
    moods.broken = False

    begun = await house.retry(failed)

    again = house.message(begun.message_id)
    assert (again.query, again.parent_id) == (failed.query, failed.parent_id)
    assert (again.conversation_id, again.user) == (failed.conversation_id, failed.user)
    assert again.parent_id == first.id
    assert house.shelf.view(again).answer == "Hello 3"
    assert (again.run_id, house.head(again)) == (begun.run_id, again.id)
    assert house.shelf.status_of(failed) is MessageStatus.FAILED


async def test_the_first_of_a_conversation_is_repeated_as_another_beginning(
    house: House, moods: Moods
) -> None:
    moods.broken = True
    failed = await house.sent()
    moods.broken = False

    begun = await house.retry(failed, Delivery.BACKGROUND)

    again = house.message(begun.message_id)
    assert (again.parent_id, house.shelf.status_of(again)) == (None, MessageStatus.RUNNING)


async def test_a_message_that_stands_alone_is_repeated_alone(house: House, moods: Moods) -> None:
    house.app_id, house.query = await house.app(completion()), ""
    moods.broken = True
    failed = await house.sent()
    moods.broken = False

    again = house.message((await house.retry(failed)).message_id)

    assert (again.conversation_id, again.user) == (None, failed.user)
    assert house.shelf.status_of(again) is MessageStatus.SUCCEEDED


async def test_an_answer_that_went_well_is_not_retried(house: House) -> None:
    with pytest.raises(NothingToRetry):
        await house.retry(await house.sent())


async def test_nothing_is_asked_in_a_conversation_that_was_deleted(
    house: House, moods: Moods
) -> None:
    moods.broken = True
    failed = await house.sent()
    async with house.begin(house.caller.tenant_id) as work:
        assert failed.conversation_id is not None
        (await work.conversations.get(failed.conversation_id)).delete(now=house.clock.now())
        await work.commit()

    with pytest.raises(ConversationNotFound):
        await house.retry(failed)


async def test_a_reply_waits_until_what_it_replies_to_is_answered(
    house: House, moods: Moods
) -> None:
    moods.broken = True
    first = await house.sent()
    reply = await house.sent(to=first.conversation_id)
    assert reply.parent_id == first.id
    house.shelf.runs.runs[first.run_id].ending = None

    with pytest.raises(ConversationBusy):
        await house.retry(reply)
