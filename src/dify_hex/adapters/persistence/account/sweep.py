"""Forgets sessions and set-up links that have been over for a while."""

import asyncpg

from dify_hex.adapters.persistence.errors import translating

#: Long enough to explain what happened, short enough not to pile up.
_KEPT = "interval '30 days'"
_SWEEP = f"""
WITH sessions_gone AS (
    DELETE FROM sessions WHERE expires_at < now() - {_KEPT}
)
DELETE FROM one_time_links WHERE account_id IS NULL AND expires_at < now() - {_KEPT}
"""  # noqa: S608 - built from a constant


async def forget_ended_sessions(system_pool: asyncpg.Pool) -> None:
    """Delete sessions and set-up links of all tenants that ended a month ago or earlier.

    A link to an account stays: it tells for which tenant the account was made.
    """
    with translating():
        await system_pool.execute(_SWEEP)
