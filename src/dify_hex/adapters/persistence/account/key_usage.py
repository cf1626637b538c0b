"""When API keys were last used, written in batches beside the requests."""

from datetime import datetime, timedelta

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.flushing import flush_every
from dify_hex.application.account.ports import ApiKeyUsage
from dify_hex.domain.shared.ids import ApiKeyId

#: A key's use is stored again only after this long.
_RESOLUTION = timedelta(minutes=1)
_FLUSH_SECONDS = 5.0
#: Keys remembered at once; beyond it they are forgotten together, at the price of early rewrites.
_MOST_KEYS = 10_000


class SqlApiKeyUsage(ApiKeyUsage):
    """Collects uses in memory; `run` writes them down every few seconds until it is cancelled."""

    def __init__(self, pool: asyncpg.Pool, *, flush_seconds: float = _FLUSH_SECONDS) -> None:
        self._pool = pool
        self._flush_seconds = flush_seconds
        self._noted: dict[ApiKeyId, datetime] = {}
        self._pending: dict[ApiKeyId, datetime] = {}

    def note(self, api_key_id: ApiKeyId, *, now: datetime) -> None:
        last = self._noted.get(api_key_id)
        if last is not None and now - last < _RESOLUTION:
            return
        if len(self._noted) >= _MOST_KEYS:
            self._noted.clear()
        self._noted[api_key_id] = now
        if len(self._pending) < _MOST_KEYS:
            self._pending[api_key_id] = now

    async def run(self) -> None:
        """Write down what was noted, for ever; a failure costs those notes and nothing else."""
        await flush_every(self._flush_seconds, self.flush, lost="api_key_usage.lost")

    async def flush(self) -> None:
        """Write down what was noted so far.

        Raises:
            Unavailable: the database could not be reached.
        """
        pending, self._pending = self._pending, {}
        if pending:
            with translating():
                # One order for all processes: two batches never wait for each other in a circle.
                keys = sorted(pending)
                await self._pool.execute(
                    "SELECT touch_api_keys($1, $2)", keys, [pending[key] for key in keys]
                )
