"""Saying what one thinks of an answer."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import ConversationWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import MessageNotFound
from dify_hex.domain.conversation.feedback import Feedback, FeedbackSubject, Opinion
from dify_hex.domain.shared.ids import EndUserName, FeedbackId, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveFeedbackCommand:
    """What the end user thinks of a message's answer; None takes back what they said before."""

    message_id: MessageId
    opinion: Opinion | None
    user: EndUserName | None = None


class GiveFeedback:
    """Keeps an end user's like or dislike of an answer, with the reason.

    - There is one opinion per message; a new one replaces it, none withdraws it.
    - A message of another end user does not exist for this one.
    """

    def __init__(self, *, begin: BeginWork[ConversationWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: GiveFeedbackCommand) -> None:
        """Keep, change or withdraw the opinion.

        Raises:
            MessageNotFound: there is no such message of this user.
        """
        actor.require(Permission.CONVERSATION_WRITE)
        async with self._begin(actor.tenant_id) as work:
            subject = (await work.messages.ownership(command.message_id)).subject
            require_access(
                actor,
                Permission.CONVERSATION_WRITE,
                app_id=subject.app_id,
                owner=subject.user,
                user=command.user,
                missing=MessageNotFound,
            )
            await self._keep(actor, subject, command.opinion, work)
            await work.commit()

    async def _keep(
        self,
        actor: Actor,
        subject: FeedbackSubject,
        opinion: Opinion | None,
        work: ConversationWork,
    ) -> None:
        now = self._clock.now()
        given = await work.feedback.find(subject.message_id)
        if opinion is None:
            if given is not None:
                given.withdraw(now=now)
                await work.feedback.remove(given)
        elif given is not None:
            given.revise(opinion, now=now)
        else:
            work.feedback.add(
                Feedback.give(
                    id=FeedbackId(new_id()),
                    tenant_id=actor.tenant_id,
                    subject=subject,
                    opinion=opinion,
                    now=now,
                )
            )
