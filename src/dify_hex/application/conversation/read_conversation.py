"""Looking at one conversation."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import ConversationReader
from dify_hex.application.conversation.read_models import ConversationView
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import ConversationNotFound
from dify_hex.domain.shared.ids import ConversationId, EndUserName


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConversationCommand:
    """Which conversation; with a `user`, only if it is theirs."""

    conversation_id: ConversationId
    user: EndUserName | None = None


class ReadConversation:
    """Shows a conversation.

    - A conversation of another end user does not exist for this one.
    - A key that is bound to an app sees that app's conversations only.
    """

    def __init__(self, *, conversations: ConversationReader) -> None:
        self._conversations = conversations

    async def execute(self, actor: Actor, command: ReadConversationCommand) -> ConversationView:
        """The conversation.

        Raises:
            ConversationNotFound: there is no such conversation of this user.
        """
        actor.require(Permission.CONVERSATION_READ)
        conversation = await self._conversations.get_conversation(
            actor.tenant_id, command.conversation_id
        )
        require_access(
            actor,
            Permission.CONVERSATION_READ,
            app_id=conversation.app_id,
            owner=conversation.user,
            user=command.user,
            missing=ConversationNotFound,
        )
        return conversation
