"""Paused runs of an app that is no longer in use."""

from datetime import timedelta
from uuid import uuid4

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow.leases import PostgresRunControl, PostgresRunLeases
from dify_hex.adapters.persistence.workflow.paused_runs import SqlPausedRuns
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import AppId, TenantId, WorkflowRunId
from dify_hex.domain.workflow.statuses import DesiredState

_INSERT = """
INSERT INTO workflow_runs (run_id, tenant_id, app_id, graph_hash, end_user, status, background,
                           resume_window_ms, lease_token, lease_expires_at, created_at)
VALUES ($1, $2, $3, 'hash', 'user', $4, false, 20000, 1, '-infinity', now())
"""
_GRAPH = "INSERT INTO graph_documents (tenant_id, hash, document) VALUES ($1, 'hash', '{}')"


async def add_run(
    pool: asyncpg.Pool, tenant_id: TenantId, app_id: AppId, status: str
) -> WorkflowRunId:
    run_id = WorkflowRunId(new_id())
    async with tenant_connection(pool, tenant_id) as connection:
        await connection.execute(_GRAPH + " ON CONFLICT DO NOTHING", tenant_id)
        await connection.execute(_INSERT, run_id, tenant_id, app_id, status)
    return run_id


async def test_they_are_claimed_by_a_worker_and_shall_stop(
    pool: asyncpg.Pool, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    app_id = AppId(uuid4())
    paused = await add_run(pool, tenant_id, app_id, "paused")
    assert await SqlPausedRuns(pool).stop_those_of(tenant_id, app_id)
    claims = await PostgresRunLeases(pool, system_pool).claim_due("worker-1", limit=100)
    assert paused in {claim.lease.run_id for claim in claims}
    stored = await PostgresRunControl(pool).get(tenant_id, paused)
    assert stored.desired_state is DesiredState.STOP
    assert stored.resume_window == timedelta(seconds=20)


async def test_others_are_left_alone(
    pool: asyncpg.Pool, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    app_id = AppId(uuid4())
    for tenant, app, status in (
        (tenant_id, app_id, "succeeded"),
        (tenant_id, AppId(uuid4()), "paused"),
        (other_tenant_id, app_id, "paused"),
    ):
        await add_run(pool, tenant, app, status)
    assert not await SqlPausedRuns(pool).stop_those_of(tenant_id, app_id)
