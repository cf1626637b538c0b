"""Asking in a conversation what was asked before, to be answered anew."""

from dify_hex.application.app.branching import MessageTurns
from dify_hex.application.conversation.ports import ConversationWork
from dify_hex.domain.conversation.message import Message, Question
from dify_hex.domain.shared.ids import MessageId, TenantId
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.workflow.run_events import RunStarted


class RepeatedTurns(MessageTurns):
    """Keeps the question once more, beside the former one: in reply to the same message.

    - The former message keeps its answer; the new one becomes the head of the conversation.
    - In a conversation that was deleted nothing is asked any more.
    """

    def __init__(self, work: ConversationWork) -> None:
        self._work = work

    async def repeat(self, tenant_id: TenantId, message_id: MessageId, facts: RunStarted) -> None:
        """Keep a message that the run of these facts will answer.

        Raises:
            ConversationNotFound: it was deleted meanwhile.
            ConversationBusy: the message replied to is being answered anew.
        """
        question = Question(
            message_id=message_id,
            run_id=facts.run_id,
            query=facts.query or "",
            inputs=facts.inputs,
            files=tuple(filter(None, map(FileReference.from_json, facts.files))),
        )
        if facts.conversation_id is None:
            message = _standing_alone(tenant_id, question, facts)
        else:
            conversation = await self._work.conversations.get(facts.conversation_id)
            parent = None
            if facts.reply_to is not None:
                parent = await self._work.messages.glance(conversation.id, facts.reply_to)
            message = conversation.ask(question, reply_to=parent, now=facts.at)
        await self._work.messages.add(message)


def _standing_alone(tenant_id: TenantId, question: Question, facts: RunStarted) -> Message:
    return Message(
        id=question.message_id,
        tenant_id=tenant_id,
        app_id=facts.app_id,
        conversation_id=None,
        parent_id=None,
        run_id=question.run_id,
        user=facts.user,
        query=question.query,
        inputs=question.inputs,
        files=question.files,
        created_at=facts.at,
    )
