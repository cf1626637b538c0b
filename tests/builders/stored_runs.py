"""Runs in PostgreSQL, and what their owners write about them."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.adapters.persistence.workflow.leases import PostgresRunControl, PostgresRunLeases
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.records import (
    JournalRow,
    Lease,
    NewRun,
    RunEnding,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.events import WorkflowRunFinished
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.workflow import NOW, chat_graph, facts

OWNER = "api-1"


class Runs:
    """Stores runs and speaks for their owners."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool, system_pool: asyncpg.Pool) -> None:
        self._engine = engine
        self.journal = PostgresRunJournal(pool, SilentTelemetry())
        self.leases = PostgresRunLeases(pool, system_pool)
        self.control = PostgresRunControl(pool)

    async def born(
        self,
        tenant_id: TenantId | None = None,
        *,
        run_id: WorkflowRunId | None = None,
        background: bool = False,
    ) -> Lease:
        """A run that has just been committed."""
        tenant = tenant_id or TenantId(new_id())
        lease = Lease(
            tenant_id=tenant,
            run_id=run_id or WorkflowRunId(new_id()),
            owner="" if background else OWNER,
            token=0 if background else 1,
        )
        run = WorkflowRun(run_id=lease.run_id, tenant_id=tenant, graph=chat_graph())
        document = PydanticGraphCodec().document(chat_graph())
        events = run.start(facts(run_id=lease.run_id))
        codec = PydanticRunEventCodec()
        async with SqlUnitOfWork(self._engine, tenant) as work:
            await work.graph_documents.add(document)
            await work.workflow_runs.add(
                NewRun(
                    lease=lease,
                    facts=replace(run.facts, graph_hash=document.hash),
                    rows=[
                        row(lease, seq, event.type, codec.encode(event))
                        for seq, event in enumerate(events, start=1)
                    ],
                    background=background,
                    resume_window=timedelta(seconds=20),
                )
            )
            await work.commit()
        return lease


def row(lease: Lease, seq: int, kind: str = "node.started", payload: str = "{}") -> JournalRow:
    """A row of the run."""
    return JournalRow(
        tenant_id=lease.tenant_id,
        run_id=lease.run_id,
        seq=seq,
        token=lease.token,
        type=kind,
        payload=payload,
        at=NOW,
    )


def ending(lease: Lease, seq: int) -> RunEnding:
    """A run that succeeded."""
    return RunEnding(
        lease=lease,
        rows=[row(lease, seq, "run.succeeded")],
        status=RunStatus.SUCCEEDED,
        usage=Usage(prompt_tokens=3, completion_tokens=4),
        steps=3,
        at=NOW,
        event=WorkflowRunFinished(
            tenant_id=lease.tenant_id,
            occurred_at=NOW,
            run_id=lease.run_id,
            status=RunStatus.SUCCEEDED,
            message_id=None,
            error_code=None,
            prompt_tokens=3,
            completion_tokens=4,
        ),
        outputs={"answer": "Hello."},
    )


async def seqs(runs: Runs, lease: Lease) -> list[int]:
    """The numbers of the run's rows."""
    rows = await runs.journal.read(lease.tenant_id, lease.run_id, after=0)
    return [each.seq for each in rows]


async def age(owner: asyncpg.Connection, lease: Lease) -> None:
    """Let the lease have ended a while ago; the owner role is blind, so the wall is opened."""
    await owner.execute("ALTER TABLE workflow_runs NO FORCE ROW LEVEL SECURITY")
    await owner.execute(
        "UPDATE workflow_runs SET lease_expires_at = now() - interval '1 s' WHERE run_id = $1",
        lease.run_id,
    )
    await owner.execute("ALTER TABLE workflow_runs FORCE ROW LEVEL SECURITY")
