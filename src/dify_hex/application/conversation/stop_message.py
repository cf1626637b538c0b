"""Stopping an answer before its end."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import ConversationWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import MessageNotFound
from dify_hex.domain.shared.ids import EndUserName, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMessageCommand:
    """Which message; with a `user`, only if it is theirs."""

    message_id: MessageId
    user: EndUserName | None = None


class StopMessage:
    """Stops the run that answers a message.

    - What has been said up to then stays as the answer.
    - Stopping an answer that has ended changes nothing.
    """

    def __init__(self, *, begin: BeginWork[ConversationWork], stop_run: StopRun) -> None:
        self._begin = begin
        self._stop_run = stop_run

    async def execute(self, actor: Actor, command: StopMessageCommand) -> None:
        """Ask for the end; it comes within a second or two.

        Raises:
            MessageNotFound: there is no such message of this user.
        """
        actor.require(Permission.APP_RUN)
        async with self._begin(actor.tenant_id) as work:
            ownership = await work.messages.ownership(command.message_id)
        require_access(
            actor,
            Permission.APP_RUN,
            app_id=ownership.subject.app_id,
            owner=ownership.subject.user,
            user=command.user,
            missing=MessageNotFound,
        )
        await self._stop_run.execute(actor, ownership.run_id)
