"""Steps a second that the journal commits, strictly one after the other in each run."""

import argparse
import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import uvloop

from benchmarks.database import database
from benchmarks.figures import Figure, Report, percentile, run_alone
from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.embedded.postgres import DatabaseUrls
from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.records import JournalRow, Lease, NewRun
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.run import WorkflowRun
from tests.builders.workflow import chat_graph, facts

_RUNS = (1, 16, 64)
_TENANTS = 8
_PAYLOAD = '{"text":"' + "x" * 288 + '"}'
_SETTINGS = PoolSettings(application_name="benchmark", size=4)


def measure(options: argparse.Namespace) -> Report:
    """One writer, one to many runs."""
    seconds = 3.0 if options.quick else 15.0
    with database() as place:
        found = [(runs, uvloop.run(_steps(place.urls, runs, seconds))) for runs in _RUNS]
    return Report(
        title="Journal: group commit under row-level security, eight tenants, 300-byte payloads",
        figures=tuple(
            Figure(
                name=f"{runs} run{'s' if runs > 1 else ''}",
                value=len(latencies) / seconds,
                unit="steps/s",
                note=f"p50 {1000 * percentile(latencies, 0.5):.1f} ms, "
                f"p99 {1000 * percentile(latencies, 0.99):.1f} ms",
            )
            for runs, latencies in found
        ),
    )


async def _steps(urls: DatabaseUrls, runs: int, seconds: float) -> list[float]:
    """The latency of each committed step."""
    tenants = [TenantId(new_id()) for _ in range(_TENANTS)]
    leases = [
        Lease(
            tenant_id=tenants[number % _TENANTS],
            run_id=WorkflowRunId(new_id()),
            owner="benchmark",
            token=1,
        )
        for number in range(runs)
    ]
    for lease in leases:
        await _store(urls, lease)
    latencies: list[float] = []
    async with make_pool(urls.application, _SETTINGS) as pool:
        journal = PostgresRunJournal(pool, SilentTelemetry())
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_drive(journal, lease, until, latencies) for lease in leases))
    return latencies


async def _store(urls: DatabaseUrls, lease: Lease) -> None:
    graph = chat_graph()
    document = PydanticGraphCodec().document(graph)
    run = WorkflowRun(run_id=lease.run_id, tenant_id=lease.tenant_id, graph=graph)
    codec = PydanticRunEventCodec()
    events = run.start(facts(run_id=lease.run_id))
    rows = [
        replace(_row(lease, seq), type=event.type, payload=codec.encode(event))
        for seq, event in enumerate(events, start=1)
    ]
    engine = make_engine(urls.application, _SETTINGS)
    try:
        async with SqlUnitOfWork(engine, lease.tenant_id) as work:
            await work.graph_documents.add(document)
            await work.workflow_runs.add(
                NewRun(
                    lease=lease,
                    facts=replace(run.facts, graph_hash=document.hash),
                    rows=rows,
                    background=False,
                    resume_window=timedelta(seconds=20),
                )
            )
            await work.commit()
    finally:
        await engine.dispose()


async def _drive(
    journal: PostgresRunJournal, lease: Lease, until: float, latencies: list[float]
) -> None:
    seq = 100
    while (began := time.perf_counter()) < until:
        seq += 1
        await journal.append([_row(lease, seq)], urgent=True)
        latencies.append(time.perf_counter() - began)


def _row(lease: Lease, seq: int) -> JournalRow:
    return JournalRow(
        tenant_id=lease.tenant_id,
        run_id=lease.run_id,
        seq=seq,
        token=lease.token,
        type="node.started",
        payload=_PAYLOAD,
        at=datetime.now(UTC),
    )


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
