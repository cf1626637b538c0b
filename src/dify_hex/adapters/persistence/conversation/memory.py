"""What was said on the way to a message, for nodes that remind a model of it."""

from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.application.workflow.ports import ConversationMemory
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn

#: The function names its tenant for as long as the statement lasts: every message of a chat asks.
_TURNS = "SELECT asked, answered FROM conversation_turns($1, $2, $3, $4)"


class SqlConversationMemory(ConversationMemory):
    """Reads the turns before a message by its chain of parents."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def turns_before(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        message_id: MessageId,
        *,
        limit: int,
    ) -> Sequence[ChatTurn]:
        """The finished turns on the path that leads to this message, oldest first."""
        with translating():
            rows = await self._pool.fetch(_TURNS, tenant_id, conversation_id, message_id, limit)
        return [ChatTurn(query=row["asked"], answer=row["answered"]) for row in rows]
