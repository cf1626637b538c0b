"""What becomes true around runs that end or pause: forms, variables, pauses that were overtaken."""

from collections.abc import Sequence

import asyncpg
import orjson

from dify_hex.adapters.persistence.workflow import statements
from dify_hex.application.workflow.records import RunEnding
from dify_hex.domain.shared.ids import ConversationId, TenantId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.statuses import RunStatus


async def settle_around(connection: asyncpg.Connection, endings: Sequence[RunEnding]) -> None:
    """Part of the transaction that ends the runs, after their own rows were written."""
    paused = [ending for ending in endings if ending.status is RunStatus.PAUSED]
    if paused:
        await connection.execute(
            statements.GO_ON,
            [ending.lease.run_id for ending in paused],
            [ending.pause_requested for ending in paused],
            [form_id for ending in paused for form_id in ending.awaited],
        )
    ended = [ending for ending in endings if ending.status is not RunStatus.PAUSED]
    asked = [ending.lease for ending in ended if ending.has_asked]
    if asked:
        await connection.execute(
            statements.CLOSE_FORMS,
            [lease.tenant_id for lease in asked],
            [lease.run_id for lease in asked],
        )
    if assigned := _assigned(ended):
        # In the order of ids, so that two transactions never wait for each other.
        places = sorted(assigned)
        await connection.execute(
            statements.KEEP_VARIABLES,
            [tenant_id for _, tenant_id in places],
            [conversation_id for conversation_id, _ in places],
            [orjson.dumps(assigned[place]).decode() for place in places],
        )


def _assigned(
    endings: Sequence[RunEnding],
) -> dict[tuple[ConversationId, TenantId], dict[str, JsonValue]]:
    """What runs have set, by conversation; of several runs the later one counts."""
    found: dict[tuple[ConversationId, TenantId], dict[str, JsonValue]] = {}
    for ending in endings:
        if ending.conversation_id is not None and ending.assigned:
            place = (ending.conversation_id, ending.lease.tenant_id)
            found.setdefault(place, {}).update(ending.assigned)
    return found
