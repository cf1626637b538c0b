"""Looking at one message."""

from dataclasses import dataclass

from dify_hex.application.conversation.access import require_access
from dify_hex.application.conversation.ports import MessageReader
from dify_hex.application.conversation.read_models import MessageView
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import MessageNotFound
from dify_hex.domain.shared.ids import EndUserName, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessageCommand:
    """Which message, and what for; with a `user`, only if it is theirs."""

    message_id: MessageId
    user: EndUserName | None = None
    permission: Permission = Permission.CONVERSATION_READ


class ReadMessage:
    """Shows a message with its answer.

    - A message of another end user does not exist for this one.
    - A key that is bound to an app sees that app's messages only.
    """

    def __init__(self, *, messages: MessageReader) -> None:
        self._messages = messages

    async def execute(self, actor: Actor, command: ReadMessageCommand) -> MessageView:
        """The message.

        Raises:
            MessageNotFound: there is no such message of this user.
        """
        actor.require(command.permission)
        message = await self._messages.get_message(actor.tenant_id, command.message_id)
        require_access(
            actor,
            command.permission,
            app_id=message.app_id,
            owner=message.user,
            user=command.user,
            missing=MessageNotFound,
        )
        return message
