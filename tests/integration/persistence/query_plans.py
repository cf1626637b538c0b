"""Finds every query of the persistence adapter, and tells whether an index answers it."""

import importlib
import inspect
import json
import pkgutil
import re
import types
import typing
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import islice, product
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters import persistence
from dify_hex.domain.shared.paging import CursorRequest, PageRequest, SortField

#: Without these the planner takes an index wherever one can be taken, however few rows there are.
PREFER_INDEXES = (
    "SET LOCAL enable_seqscan = off;"
    "SET LOCAL enable_bitmapscan = off;"
    "SET LOCAL enable_hashjoin = off;"
    "SET LOCAL enable_mergejoin = off"
)
#: And here it takes an index for the order too, where there is one.
PREFER_ORDER = "SET LOCAL enable_sort = off"

#: Arguments that one question is asked with, and values of one field among them.
MOST, FEW = 300, 8

_STATEMENT = re.compile(r"\s*(WITH|SELECT|UPDATE|DELETE)\b")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement as it went to the server."""

    sql: str
    arguments: tuple[object, ...] = ()


def modules() -> Iterator[ModuleType]:
    """Every module of the adapter."""
    for found in pkgutil.walk_packages(persistence.__path__, f"{persistence.__name__}."):
        yield importlib.import_module(found.name)


def readers() -> Iterator[type[Any]]:
    """Every reader that works on the engine."""
    for module in modules():
        for name, kind in inspect.getmembers(module, inspect.isclass):
            is_own = name.startswith("Sql") and kind.__module__ == module.__name__
            if is_own and list(inspect.signature(kind).parameters) == ["reads"]:
                yield kind


def raw_statements() -> Iterator[tuple[str, str]]:
    """Every statement that is written as text, with its name."""
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, str) and _STATEMENT.match(value):
                yield f"{module.__name__.removeprefix(persistence.__name__)}.{name}", value


def methods(kind: type[Any]) -> Iterator[str]:
    """The public questions of a reader or a repository."""
    for name, member in inspect.getmembers(kind, inspect.iscoroutinefunction):
        if not name.startswith("_") and member.__module__.startswith(persistence.__name__):
            yield name


def calls(method: Any, ids: Mapping[str, UUID]) -> Iterator[dict[str, object]]:
    """Arguments for the method: each filter left out and given, each order the list offers."""
    hints = _hints(method)
    sortable = getattr(inspect.getmodule(method), "_SORTABLE", {})
    names = list(inspect.signature(method).parameters)
    choices = [list(islice(_values(hints[name], ids, sortable), MOST)) for name in names]
    for chosen in islice(product(*choices), MOST):
        yield dict(zip(names, chosen, strict=True))


@asynccontextmanager
async def recorded(engine: AsyncEngine) -> AsyncIterator[list[Query]]:
    """The statements that the engine runs meanwhile."""
    queries: list[Query] = []

    def record(_c: object, _u: object, sql: str, arguments: Any, *_: object) -> None:
        queries.append(Query(sql, tuple(arguments)))

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    try:
        yield queries
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", record)


async def plan_of(connection: asyncpg.Connection, query: Query) -> dict[str, Any]:
    """The plan for these very arguments."""
    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query.sql}", *query.arguments)
    return dict(json.loads(text)[0]["Plan"])


async def generic_plan_of(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    """The plan for whatever arguments there may be."""
    prepared = await connection.prepare(sql)
    nulls = ", ".join("NULL" for _ in prepared.get_parameters())
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    text = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON) EXECUTE {prepared.get_name()}{f'({nulls})' if nulls else ''}"
    )
    return dict(json.loads(text)[0]["Plan"])


def faults(plan: Mapping[str, Any], partial_indexes: Sequence[str]) -> Iterator[str]:
    """What of the plan reads more than it must."""
    for node in _nodes(plan):
        kind, relation = node["Node Type"], node.get("Relation Name", "")
        if kind == "Seq Scan":
            yield f"reads all of {relation}"
        elif (
            kind in {"Index Scan", "Index Only Scan"}
            and "Index Cond" not in node
            and node["Index Name"] not in partial_indexes
        ):
            yield f"reads all of {node['Index Name']}"


def sorts(plan: Mapping[str, Any]) -> bool:
    """Whether rows are put into order instead of being read in order."""
    return any(node["Node Type"] == "Sort" for node in _nodes(plan))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _values(hint: Any, ids: Mapping[str, UUID], sortable: Mapping[str, object]) -> Iterator[object]:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        for choice in typing.get_args(hint):
            yield from _values(choice, ids, sortable)
    elif hint is PageRequest:
        for key, descending in product(sortable or ["created_at"], (True, False)):
            yield PageRequest(page=2, sort=(SortField(name=key, descending=descending),))
    elif hint is CursorRequest:
        yield from (CursorRequest(), CursorRequest(after=UUID(int=7)))
    elif isinstance(hint, typing.NewType):
        yield ids.get(hint.__name__, UUID(int=7)) if hint.__supertype__ is UUID else "x"
    elif isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        names = [field.name for field in fields(hint)]
        options = [list(islice(_values(hints[each], ids, sortable), FEW)) for each in names]
        for chosen in product(*options):
            yield hint(**dict(zip(names, chosen, strict=True)))
    elif typing.get_origin(hint) in {Collection, Sequence, tuple}:
        one = next(_values(typing.get_args(hint)[0], ids, sortable))
        yield (one,) if typing.get_origin(hint) is tuple else [one]
    else:
        yield _plain(hint)


def _hints(taken: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(taken)
    except NameError as error:
        # A recursive type of JSON, which no look-up takes.
        raise NotImplementedError(taken) from error


def _plain(hint: Any) -> object:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    plain: Mapping[object, object] = {
        type(None): None,
        str: "x",
        int: 1,
        float: 0.5,
        bool: True,
        bytes: b"x",
        UUID: UUID(int=7),
        datetime: datetime(2026, 11, 21, tzinfo=UTC),
    }
    if hint not in plain:
        raise NotImplementedError(hint)
    return plain[hint]
