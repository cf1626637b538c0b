"""Makes the journal's partitions before they are needed."""

from contextlib import suppress

import asyncpg

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.workflow.partitions import weeks_ahead
from dify_hex.application.shared.clock import Clock


class JournalPartitions:
    """Works as the owner, which alone may create tables.

    A worker that was not given the owner's login makes none: `dify-hex migrate` does, whenever it
    is run, and the default partition takes what comes after the last.
    """

    def __init__(self, admin_url: str | None, clock: Clock) -> None:
        self._admin_url = admin_url
        self._clock = clock

    async def make_ahead(self) -> None:
        """Make the partitions of this week and of the next ones; safe to repeat."""
        if self._admin_url is None:
            return
        with translating():
            connection = await asyncpg.connect(driver_dsn(self._admin_url), timeout=CONNECT_TIMEOUT)
            try:
                for week in weeks_ahead(self._clock.now().date()):
                    # Runs of a week that had no partition in time stay in the default one.
                    with suppress(asyncpg.CheckViolationError):
                        await connection.execute("; ".join(week))
            finally:
                await connection.close()
