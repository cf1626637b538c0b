"""Giving a conversation another name."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import ConversationWork
from dify_hex.application.conversation.read_models import ConversationView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import ConversationNotFound
from dify_hex.domain.shared.ids import ConversationId, EndUserName


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConversationCommand:
    """Which conversation, and its new name; with a `user`, only if it is theirs."""

    conversation_id: ConversationId
    name: str
    user: EndUserName | None = None
    expected_version: int | None = None


class RenameConversation:
    """Gives a conversation another name than the one made from its first query.

    - Names need not differ.
    - A conversation of another end user does not exist for this one.
    """

    def __init__(self, *, begin: BeginWork[ConversationWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: RenameConversationCommand) -> ConversationView:
        """Rename it.

        Raises:
            ConversationNotFound: there is no such conversation of this user.
            ConversationNameInvalid: the name is blank or too long.
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
            conversation.rename(command.name, now=self._clock.now())
            await work.commit()
        return ConversationView.of(conversation)
