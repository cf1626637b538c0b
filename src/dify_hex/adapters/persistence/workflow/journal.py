"""The journal of runs on PostgreSQL: group commits, fenced by the lease token."""

from collections.abc import Awaitable, Mapping, Sequence
from itertools import groupby
from time import perf_counter
from uuid import UUID

import asyncpg
import orjson

from dify_hex.adapters.persistence.citations import citations_to_json
from dify_hex.adapters.persistence.event_codec import encode_event
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow import statements
from dify_hex.adapters.persistence.workflow.endings import settle_around
from dify_hex.adapters.persistence.workflow.group_commit import CommitRequest, GroupCommit
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import Histogram, Telemetry
from dify_hex.application.workflow.ports import (
    RunJournal,
)
from dify_hex.application.workflow.records import (
    JournalHead,
    JournalRow,
    RunEnding,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import LeaseLost
from dify_hex.domain.workflow.statuses import RunStatus

RowKey = tuple[UUID, int]


class PostgresRunJournal(RunJournal):
    """Appends under row-level security: a batch names exactly the tenants whose runs are in it."""

    def __init__(self, pool: asyncpg.Pool, telemetry: Telemetry) -> None:
        self._pool = pool
        self._telemetry = telemetry
        self._group = GroupCommit(self._write)

    def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> Awaitable[None]:
        """Commit rows of one run together with whatever else is waiting."""
        return self._group.submit(CommitRequest(rows, None), urgent=urgent)

    async def finish(self, ending: RunEnding) -> None:
        """Commit the ending: rows, run, message and outgoing event."""
        await self._group.submit(CommitRequest(ending.rows, ending), urgent=True)

    async def read(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int, limit: int = 1000
    ) -> Sequence[JournalRow]:
        """Rows with `seq > after`, in order."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            found = await connection.fetch(statements.READ_ROWS, run_id, tenant_id, after, limit)
        return [
            JournalRow(
                tenant_id=tenant_id,
                run_id=run_id,
                seq=row["seq"],
                token=row["lease_token"],
                type=row["type"],
                payload=row["payload"],
                at=row["at"],
            )
            for row in found
        ]

    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        """The heads of several runs in one query."""
        tenants = {tenant_id for tenant_id, _ in runs}
        async with tenant_connection(self._pool, *tenants) as connection:
            found = await connection.fetch(statements.READ_HEADS, [run_id for _, run_id in runs])
        return {
            WorkflowRunId(row["run_id"]): JournalHead(
                seq=row["seq"] or 0, status=RunStatus(row["status"])
            )
            for row in found
        }

    async def _write(self, batch: Sequence[CommitRequest]) -> Sequence[Exception | None]:
        began = perf_counter()
        rows = sorted(
            (row for request in batch for row in request.rows),
            key=lambda row: (row.run_id.int, row.seq),
        )
        async with tenant_connection(self._pool, *{row.tenant_id for row in rows}) as connection:
            found = await _append(connection, rows)
            if len(found) == len(rows):
                written: Sequence[CommitRequest] = batch
                outcomes: Sequence[Exception | None] = [None] * len(batch)
            else:
                written, outcomes = await _sorted_out(connection, batch, rows, found)
            endings = [request.ending for request in written if request.ending is not None]
            if endings:
                await _end(connection, endings)
        self._telemetry.observe(Histogram.JOURNAL_BATCH_SIZE, len(rows))
        self._telemetry.observe(Histogram.JOURNAL_COMMIT_SECONDS, perf_counter() - began)
        return outcomes


def _key(row: JournalRow) -> RowKey:
    return row.run_id, row.seq


def _all_in(rows: Sequence[JournalRow], keys: set[RowKey]) -> bool:
    return all(_key(row) in keys for row in rows)


async def _sorted_out(
    connection: asyncpg.Connection,
    batch: Sequence[CommitRequest],
    rows: Sequence[JournalRow],
    found: Sequence[asyncpg.Record],
) -> tuple[Sequence[CommitRequest], Sequence[Exception | None]]:
    """The requests that were written just now, and what is to be told to each."""
    new = {(row["run_id"], row["seq"]) for row in found}
    known = new | await _already_there(connection, [r for r in rows if _key(r) not in new])
    # An ending whose rows were there before was committed with them.
    written = [request for request in batch if _all_in(request.rows, new)]
    return written, [
        None if _all_in(request.rows, known) else LeaseLost(run_id=str(request.rows[0].run_id))
        for request in batch
    ]


async def _append(
    connection: asyncpg.Connection, rows: Sequence[JournalRow]
) -> Sequence[asyncpg.Record]:
    """Rows are in the order of their runs; returns those that were written."""
    runs = [run_id for run_id, _ in groupby(row.run_id for row in rows)]
    found: Sequence[asyncpg.Record] = await connection.fetch(
        statements.APPEND,
        runs,
        [row.run_id for row in rows],
        [row.seq for row in rows],
        [row.token for row in rows],
        [row.type for row in rows],
        [row.payload for row in rows],
        [row.at for row in rows],
    )
    return found


async def _already_there(connection: asyncpg.Connection, rows: Sequence[JournalRow]) -> set[RowKey]:
    if not rows:
        return set()
    found = await connection.fetch(
        statements.ALREADY_THERE,
        [row.run_id for row in rows],
        [row.seq for row in rows],
        [row.token for row in rows],
    )
    return {(row["run_id"], row["seq"]) for row in found}


async def _end(connection: asyncpg.Connection, endings: Sequence[RunEnding]) -> None:
    await connection.execute(
        statements.END_RUNS,
        [ending.lease.run_id for ending in endings],
        [ending.status.value for ending in endings],
        [ending.error and ending.error.code for ending in endings],
        [ending.error and ending.error.message for ending in endings],
        [_json(ending.outputs) for ending in endings],
        [ending.usage.prompt_tokens for ending in endings],
        [ending.usage.completion_tokens for ending in endings],
        [ending.steps for ending in endings],
        [ending.at for ending in endings],
        [ending.due_at for ending in endings],
        [_json(ending.error.details if ending.error else None) for ending in endings],
    )
    await settle_around(connection, endings)
    answered = [ending for ending in endings if ending.message_id is not None]
    if answered:
        await _end_messages(connection, answered)
    events = [ending.event for ending in endings]
    await connection.execute(
        statements.TELL_OUTBOX,
        [new_id() for _ in events],
        [event.tenant_id for event in events],
        [event.name for event in events],
        [orjson.dumps(encode_event(event)).decode() for event in events],
        [event.occurred_at for event in events],
    )


async def _end_messages(connection: asyncpg.Connection, endings: Sequence[RunEnding]) -> None:
    await connection.execute(
        statements.END_MESSAGES,
        [ending.message_id for ending in endings],
        [ending.status.value for ending in endings],
        [ending.answer for ending in endings],
        [ending.error and ending.error.code for ending in endings],
        [ending.error and ending.error.message for ending in endings],
        [ending.usage.prompt_tokens for ending in endings],
        [ending.usage.completion_tokens for ending in endings],
        [_milliseconds(ending.usage.first_token_seconds) for ending in endings],
        [ending.at for ending in endings],
        [citations_to_json(ending.citations) for ending in endings],
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _json(value: JsonObject | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
