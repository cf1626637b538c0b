"""Deleting a conversation."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import ConversationWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import ConversationNotFound
from dify_hex.domain.shared.ids import ConversationId, EndUserName


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteConversationCommand:
    """Which conversation; with a `user`, only if it is theirs."""

    conversation_id: ConversationId
    user: EndUserName | None = None
    expected_version: int | None = None


class DeleteConversation:
    """Deletes a conversation with its messages.

    - Answers under way are stopped; the runs that made its answers are not shown any more.
    - Whoever may delete it needs no right to stop runs.
    - A conversation of another end user does not exist for this one.
    """

    def __init__(
        self, *, begin: BeginWork[ConversationWork], clock: Clock, stop_run: StopRun
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._stop_run = stop_run

    async def execute(self, actor: Actor, command: DeleteConversationCommand) -> None:
        """Delete it.

        Raises:
            ConversationNotFound: there is no such conversation of this user.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.CONVERSATION_WRITE)
        async with self._begin(actor.tenant_id) as work:
            conversation = await work.conversations.get(command.conversation_id)
            require_access(
                actor,
                Permission.CONVERSATION_WRITE,
                app_id=conversation.app_id,
                owner=conversation.user,
                user=command.user,
                missing=ConversationNotFound,
            )
            conversation.expect_version(command.expected_version)
            conversation.delete(now=self._clock.now())
            under_way = await work.messages.runs_under_way(conversation.id)
            await work.commit()
        for run_id in under_way:
            await self._stop_run.stop(actor.tenant_id, run_id)
