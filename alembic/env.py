"""How Alembic reaches the database: in one transaction, alone, as the owner of the schema."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text

from dify_hex.adapters.persistence.engine import make_owner_engine
from dify_hex.adapters.persistence.metadata import METADATA

#: Two migrators at once would both see the old revision; the second waits for the first.
MIGRATION_LOCK = 0x64696679


def run(connection: Connection) -> None:
    """Run the asked-for migrations; all of them or none."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_server_default=True,
    )
    with context.begin_transaction():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        # Requests must not queue for long behind a migration that waits for a lock itself.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        context.run_migrations()


async def connect_and_run() -> None:
    """Connect with DATABASE_ADMIN_URL, for Alembic's own command line."""
    engine = make_owner_engine(os.environ["DATABASE_ADMIN_URL"])
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_run())
else:
    run(given)
