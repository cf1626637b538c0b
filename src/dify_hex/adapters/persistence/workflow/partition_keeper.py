"""Makes the journal's partitions before they are needed."""

import asyncpg

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.workflow.partitions import partition_statements
from dify_hex.application.shared.clock import Clock


class JournalPartitions:
    """Works as the owner, which alone may create tables."""

    def __init__(self, admin_url: str, clock: Clock) -> None:
        self._admin_url = admin_url
        self._clock = clock

    async def make_ahead(self) -> None:
        """Make the partitions of this week and of the next ones; safe to repeat."""
        with translating():
            connection = await asyncpg.connect(driver_dsn(self._admin_url), timeout=CONNECT_TIMEOUT)
            try:
                for statement in partition_statements(self._clock.now().date()):
                    await connection.execute(statement)
            finally:
                await connection.close()
