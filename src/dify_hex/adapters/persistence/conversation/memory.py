"""What was said on the way to a message, for nodes that remind a model of it."""

from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.workflow.ports import ConversationMemory
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn

#: Walks from parent to parent, so that other branches of the conversation stay out. A turn that
#: failed is passed over, and does not count; the walk ends some way beyond the turns asked for.
_TURNS = """
WITH RECURSIVE path AS (
    SELECT parent.id, parent.parent_id, parent.status, parent.query, parent.answer, 1 AS depth
    FROM messages AS asked
    JOIN messages AS parent ON parent.tenant_id = asked.tenant_id AND parent.id = asked.parent_id
    WHERE asked.tenant_id = $1 AND asked.conversation_id = $2 AND asked.id = $3
    UNION ALL
    SELECT parent.id, parent.parent_id, parent.status, parent.query, parent.answer, path.depth + 1
    FROM path
    JOIN messages AS parent ON parent.tenant_id = $1 AND parent.id = path.parent_id
    WHERE path.depth < $4 + 50
), turns AS (
    SELECT query, answer, depth FROM path
    WHERE status IN ('succeeded', 'partial_succeeded', 'stopped') AND answer <> ''
    ORDER BY depth
    LIMIT $4
)
SELECT query, answer FROM turns ORDER BY depth DESC
"""


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
        async with tenant_connection(self._pool, tenant_id) as connection:
            rows = await connection.fetch(_TURNS, tenant_id, conversation_id, message_id, limit)
        return [ChatTurn(query=row["query"], answer=row["answer"]) for row in rows]
