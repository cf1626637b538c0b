"""Makes room for vectors once the database can hold them, and tells whether it can."""

import asyncpg

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, PATIENCE, driver_dsn
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.knowledge import vector_schema
from dify_hex.adapters.persistence.row_level_security import owner_is_blind, owner_sees_rows

#: Two who prepare at once would both find nothing there; the second waits for the first.
_LOCK = 0x64696678
#: What was indexed by its words only is indexed again when its document is.
_TO_BE_EMBEDDED = (
    owner_sees_rows("segments"),
    "UPDATE segments SET indexed_at = NULL WHERE indexed_at IS NOT NULL",
    owner_is_blind("segments"),
)
_SEGMENTS_EXIST = "SELECT to_regclass('public.segments') IS NOT NULL"


async def prepare_vectors(admin_url: str) -> bool:
    """Do what the migration could not, when the extension has come later; safe to repeat.

    Works as the owner, which alone may create tables. Says whether there is room for vectors.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with translating():
        connection = await asyncpg.connect(
            driver_dsn(admin_url), timeout=CONNECT_TIMEOUT, command_timeout=PATIENCE
        )
        try:
            async with connection.transaction():
                await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                if not await connection.fetchval(_SEGMENTS_EXIST):
                    return False
                return await _prepare(connection)
        finally:
            await connection.close()


async def vectors_are_kept(connection: asyncpg.Connection | asyncpg.Pool) -> bool:
    """Whether there is room for vectors."""
    return bool(await connection.fetchval(vector_schema.TABLE_EXISTS))


async def _prepare(connection: asyncpg.Connection) -> bool:
    if await vectors_are_kept(connection):
        return True
    await connection.execute(vector_schema.CREATE_EXTENSION)
    version = await connection.fetchval(vector_schema.EXTENSION_VERSION)
    if not vector_schema.is_enough(version):
        return False
    for statement in (*vector_schema.table_statements(), *_TO_BE_EMBEDDED):
        await connection.execute(statement)
    return True
