"""Remembers which row each aggregate of a unit of work came from, and writes back what changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, inspect, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from dify_hex.adapters.persistence.base import Base
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.events import DomainEvent

AggregateT = TypeVar("AggregateT", bound=Aggregate)
RowT = TypeVar("RowT", bound=Base)


@dataclass(frozen=True, slots=True)
class Trace:
    """A query that finds something once a transaction has been committed, and nothing before."""

    query: Executable
    parameters: Mapping[str, object] = field(default_factory=dict)


#: No aggregate has this version.
_NEVER = -1


@dataclass(slots=True)
class _Tracked:
    aggregate: Aggregate
    row: Base
    write: Callable[[Any, Any], None]
    written_version: int


class Tracker:
    """The aggregates of one unit of work with their rows.

    Loading the same row twice gives the same aggregate, so that two places of one use case cannot
    overwrite each other. An aggregate that nobody changed is never mapped back.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tracked: dict[int, _Tracked] = {}
        self._trace: Trace | None = None
        self._newest: Base | None = None

    def load(
        self,
        row: RowT,
        to_domain: Callable[[RowT], AggregateT],
        write: Callable[[AggregateT, RowT], None],
    ) -> AggregateT:
        """The aggregate of a row that was just read."""
        known = self._tracked.get(id(row))
        if known is not None:
            return cast(AggregateT, known.aggregate)
        aggregate = to_domain(row)
        self._tracked[id(row)] = _Tracked(aggregate, row, write, aggregate.version)
        return aggregate

    def add(
        self, aggregate: AggregateT, row: RowT, write: Callable[[AggregateT, RowT], None]
    ) -> None:
        """Store a new aggregate in an empty row, which is filled when the work commits."""
        self._session.add(row)
        self._newest = row
        self._tracked[id(row)] = _Tracked(aggregate, row, write, _NEVER)

    def leave(self, trace: Trace) -> None:
        """Name a query that finds something once this unit of work has been committed.

        Whoever stores a new row without `add` says so, in case the answer to the commit is lost.
        """
        self._trace = trace

    def trace(self) -> Trace | None:
        """A query that tells whether all of this was committed; None if nothing could tell.

        What was added has to be written already.
        """
        if self._trace is not None or self._newest is None:
            return self._trace
        mapper = inspect(self._newest).mapper
        values = mapper.primary_key_from_instance(self._newest)
        key = zip(mapper.primary_key, values, strict=True)
        return Trace(select(literal(True)).where(*[column == value for column, value in key]))

    async def remove(self, aggregate: Aggregate) -> None:
        """Delete the row of an aggregate that was loaded before; its events are still stored."""
        for tracked in self._tracked.values():
            if tracked.aggregate is aggregate:
                await self._session.delete(tracked.row)
                tracked.write = _leave
                return
        raise LookupError(f"{type(aggregate).__name__} was not loaded in this unit of work")

    def write_back(self) -> list[DomainEvent]:
        """Map every changed aggregate to its row, and hand over the events raised so far."""
        raised: list[DomainEvent] = []
        for tracked in self._tracked.values():
            events = tracked.aggregate.pull_events()
            if events or tracked.aggregate.version != tracked.written_version:
                tracked.write(tracked.aggregate, tracked.row)
                tracked.written_version = tracked.aggregate.version
                raised.extend(events)
        return raised


def _leave(_aggregate: object, _row: object) -> None:
    """A removed row is not written again."""
