"""The unit of work in memory: the same promises as the one on PostgreSQL, without a server.

A slice's fake repository wraps a `MemoryTable` and gives it the port's words:

    class MemoryAppRepository(AppRepository):
        def __init__(self, table: MemoryTable[App]) -> None:
            self._table = table

        async def get(self, app_id: AppId) -> App:
            app = self._table.find(app_id)
            if app is None or app.deleted_at is not None:
                raise AppNotFound
            return app

    class MemoryAppWork(MemoryWork):
        @cached_property
        def apps(self) -> MemoryAppRepository:
            return MemoryAppRepository(
                self.table(App, unique=[Unique(_name_of_living, AppNameExists)])
            )

    database = MemoryDatabase()
    begin = database.begin_with(MemoryAppWork)       # BeginWork[MemoryAppWork]
    …
    assert database.events_named("app.published")
    assert database.all(App)[0].name == "…"
"""

from collections.abc import Callable, Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.outbox import ConsumingWork
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.errors import DomainError, StaleVersion
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId, TenantId

AggregateT = TypeVar("AggregateT", bound=Aggregate)
WorkT = TypeVar("WorkT", bound="MemoryWork")
EventT = TypeVar("EventT", bound=DomainEvent)

#: Rows of a table by tenant and id; the tenant is None for what belongs to no tenant.
Key = tuple[TenantId | None, Hashable]


@dataclass(frozen=True, slots=True)
class Unique(Generic[AggregateT]):
    """No two aggregates of a tenant may give the same value; None takes an aggregate out."""

    value: Callable[[AggregateT], Hashable | None]
    error: type[DomainError]


@dataclass(slots=True)
class MemoryDatabase:
    """Everything that was committed, of all tenants."""

    tables: dict[type[Aggregate], dict[Key, Aggregate]] = field(default_factory=dict)
    outbox: list[tuple[EventId, DomainEvent]] = field(default_factory=list)
    consumed: set[tuple[str, EventId]] = field(default_factory=set)
    #: How many units of work were committed.
    commits: int = 0
    #: Raised by the next commit, as a database would that is away.
    failure: Exception | None = None

    def begin_with(self, work_type: type[WorkT]) -> Callable[[TenantId], WorkT]:
        """What a use case takes as `begin`."""
        return lambda tenant_id: work_type(self, tenant_id)

    def all(self, kind: type[AggregateT]) -> list[AggregateT]:
        """Copies of the committed aggregates of a kind, of every tenant, oldest first."""
        rows = self.tables.get(kind, {})
        return [cast(AggregateT, deepcopy(row)) for row in rows.values()]

    @property
    def events(self) -> list[DomainEvent]:
        """Every event that was committed, in order."""
        return [event for _, event in self.outbox]

    def events_named(self, name: str) -> list[DomainEvent]:
        """The committed events of one name, in order."""
        return [event for event in self.events if event.name == name]

    def events_of(self, kind: type[EventT]) -> list[EventT]:
        """The committed events of one class, in order."""
        return [event for event in self.events if isinstance(event, kind)]


class MemoryTable(Generic[AggregateT]):
    """The aggregates of one kind as one unit of work sees them."""

    def __init__(
        self,
        database: MemoryDatabase,
        kind: type[AggregateT],
        tenant_id: TenantId | None,
        unique: Sequence[Unique[AggregateT]],
    ) -> None:
        self._committed = database.tables.setdefault(kind, {})
        self._kind = kind
        self._tenant_id = tenant_id
        self._unique = unique
        self._seen: dict[Hashable, AggregateT] = {}
        self._removed: dict[Hashable, int] = {}

    def find(self, key: Hashable) -> AggregateT | None:
        """The aggregate of that id; the same object every time within one unit of work."""
        if key in self._removed:
            return None
        if key not in self._seen:
            row = self._committed.get((self._tenant_id, key))
            if row is None:
                return None
            self._seen[key] = cast(AggregateT, deepcopy(row))
        return self._seen[key]

    def all(self) -> list[AggregateT]:
        """Every aggregate of the tenant, oldest first."""
        keys = [key for tenant_id, key in self._committed if tenant_id == self._tenant_id]
        found = [self.find(key) for key in dict.fromkeys([*keys, *self._seen])]
        return [aggregate for aggregate in found if aggregate is not None]

    def first(self, matches: Callable[[AggregateT], bool]) -> AggregateT | None:
        """The oldest aggregate that matches."""
        return next(filter(matches, self.all()), None)

    def add(self, key: Hashable, aggregate: AggregateT) -> None:
        """Store a new aggregate under its id."""
        self._removed.pop(key, None)
        self._seen[key] = aggregate

    def remove(self, key: Hashable) -> None:
        """Delete the aggregate of that id, which was found before."""
        self._removed[key] = self._seen[key].stored_version

    def changes(self) -> dict[Key, AggregateT]:
        """What committing would store, after the checks that a database makes.

        Raises:
            StaleVersion: a changed aggregate was committed by someone else meanwhile.
            DomainError: a `Unique` would be broken; the error is its own.
        """
        changed: dict[Key, AggregateT] = {}
        for key, aggregate in self._seen.items():
            if aggregate.version == aggregate.stored_version or key in self._removed:
                continue
            self._check_version(key, aggregate.stored_version)
            changed[self._tenant_id, key] = aggregate
        for key, seen_version in self._removed.items():
            self._check_version(key, seen_version)
        self._check_unique()
        return changed

    def pull_events(self) -> list[DomainEvent]:
        """The events of every aggregate that was touched, removed ones included."""
        return [event for aggregate in self._seen.values() for event in aggregate.pull_events()]

    def apply(self, changed: dict[Key, AggregateT]) -> None:
        """Store copies, as they would be loaded again."""
        for key, aggregate in changed.items():
            self._committed[key] = _as_stored(aggregate)
        for removed in self._removed:
            self._committed.pop((self._tenant_id, removed), None)

    def _check_version(self, key: Hashable, seen: int) -> None:
        row = self._committed.get((self._tenant_id, key))
        if seen != (row.version if row is not None else 0):
            raise StaleVersion

    def _check_unique(self) -> None:
        living = self.all()
        for rule in self._unique:
            values = [value for value in map(rule.value, living) if value is not None]
            if len(values) != len(set(values)):
                raise rule.error


class MemoryWork(ConsumingWork):
    """One transaction of one tenant in memory; slices add their repositories as properties."""

    def __init__(self, database: MemoryDatabase, tenant_id: TenantId) -> None:
        self.tenant_id = tenant_id
        self._database = database
        self._tables: dict[type[Aggregate], MemoryTable[Any]] = {}
        self._consumed: set[tuple[str, EventId]] = set()

    def table(
        self,
        kind: type[AggregateT],
        *,
        unique: Sequence[Unique[AggregateT]] = (),
        shared: bool = False,
    ) -> MemoryTable[AggregateT]:
        """The aggregates of a kind; `shared` ones belong to no tenant."""
        if kind not in self._tables:
            tenant_id = None if shared else self.tenant_id
            self._tables[kind] = MemoryTable(self._database, kind, tenant_id, unique)
        return self._tables[kind]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tables.clear()
        self._consumed.clear()

    async def commit(self) -> None:
        """Check everything, then store everything."""
        if self._database.failure is not None:
            failure, self._database.failure = self._database.failure, None
            raise failure
        changes = [(table, table.changes()) for table in self._tables.values()]
        for table, changed in changes:
            for event in table.pull_events():
                self._database.outbox.append((EventId(new_id()), event))
            table.apply(changed)
        self._database.consumed |= self._consumed
        self._database.commits += 1

    async def mark_consumed(self, handler_name: str, event_id: EventId) -> bool:
        """Record that the handler has had its effect; False when it had it before."""
        mark = (handler_name, event_id)
        if mark in self._database.consumed | self._consumed:
            return False
        self._consumed.add(mark)
        return True


def _as_stored(aggregate: AggregateT) -> AggregateT:
    """A copy with nothing pending, whose version is the stored one."""
    copy = deepcopy(aggregate)
    copy.pull_events()
    copy._stored_version = copy.version
    return copy
