"""Forgetting runs that were kept for long enough."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId

BATCH = 500

KeptRun = tuple[TenantId, WorkflowRunId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long runs are kept after their end, and how many of each app; None is for ever.

    It is what the operator has set; an app may have less of its own kept, and never more.
    """

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
    async def find_old(self, *, ended_before: datetime, limit: int) -> Sequence[KeptRun]:
        """Some runs that ended before."""

    @abstractmethod
    async def find_past_their_apps(self, *, now: datetime, limit: int) -> Sequence[KeptRun]:
        """Some runs that ended longer ago than their apps have them kept."""

    @abstractmethod
    async def find_many(self, *, per_app: int | None, limit: int) -> Sequence[KeptRun]:
        """Some of the oldest finished runs of apps that have more than that, or than they want."""

    @abstractmethod
    async def forget(self, runs: Sequence[KeptRun]) -> None:
        """Take the runs away; those that are gone are fine."""


class SweepOldRuns:
    """Takes away runs that were kept for long enough, of all tenants.

    - Only runs that have ended go, with their journals and forms; a run that waits is kept.
    - Their large values go first: as long as a run is there, something leads to them.
    - What messages have said is theirs, and stays.
    - A week of the journal goes at once when nothing in it has to be kept, else row by row.
    - It works in batches of bounded size; doing it twice is doing it once.
    """

    def __init__(
        self, *, runs: KeptRuns, values: RunValues, clock: Clock, retention: Retention
    ) -> None:
        self._values = values
        self._runs = runs
        self._clock = clock
        self._retention = retention

    async def execute(self) -> int:
        """Take away all that is due; how many runs went one by one.

        Raises:
            Unavailable: the database or the storage is away; the rest goes the next time.
        """
        gone = 0
        if self._retention.age is not None:
            before = self._clock.now() - self._retention.age
            await self._runs.drop_partitions(ended_before=before)
            while found := await self._runs.find_old(ended_before=before, limit=BATCH):
                gone += await self._forget(found)
        now, per_app = self._clock.now(), self._retention.per_app
        while found := await self._runs.find_past_their_apps(now=now, limit=BATCH):
            gone += await self._forget(found)
        while found := await self._runs.find_many(per_app=per_app, limit=BATCH):
            gone += await self._forget(found)
        return gone

    async def _forget(self, found: Sequence[KeptRun]) -> int:
        await self._values.forget(found)
        await self._runs.forget(found)
        return len(found)
