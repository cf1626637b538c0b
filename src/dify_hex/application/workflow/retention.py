"""Forgetting runs that were kept for long enough."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dify_hex.application.shared.clock import Clock

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long runs are kept after their end, and how many of each app; None is for ever."""

    age: timedelta | None = None
    per_app: int | None = None


class KeptRuns(Protocol):
    """The runs of all tenants, for what takes them away."""

    @abstractmethod
    async def drop_partitions(self, *, ended_before: datetime) -> int:
        """Drop every part of the journal all of whose runs ended before; how many were dropped.

        The runs of a part go with it. Nothing is dropped where the login may not.
        """

    @abstractmethod
    async def prune_old(self, *, ended_before: datetime, limit: int) -> int:
        """Take away some runs that ended before; how many."""

    @abstractmethod
    async def prune_many(self, *, per_app: int, limit: int) -> int:
        """Take away some of the oldest finished runs of apps that have more; how many."""


class SweepOldRuns:
    """Takes away runs that were kept for long enough, of all tenants.

    - Only runs that have ended go, with their journals and forms; a run that waits is kept.
    - What messages have said is theirs, and stays.
    - A week of the journal goes at once when nothing in it has to be kept, else row by row.
    - It works in batches of bounded size; doing it twice is doing it once.
    """

    def __init__(self, *, runs: KeptRuns, clock: Clock, retention: Retention) -> None:
        self._runs = runs
        self._clock = clock
        self._retention = retention

    async def execute(self) -> int:
        """Take away all that is due; how many runs went one by one.

        Raises:
            Unavailable: the database is away; the rest goes the next time.
        """
        gone = 0
        if self._retention.age is not None:
            before = self._clock.now() - self._retention.age
            await self._runs.drop_partitions(ended_before=before)
            while pruned := await self._runs.prune_old(ended_before=before, limit=BATCH):
                gone += pruned
        if self._retention.per_app is not None:
            per_app = self._retention.per_app
            while pruned := await self._runs.prune_many(per_app=per_app, limit=BATCH):
                gone += pruned
        return gone
