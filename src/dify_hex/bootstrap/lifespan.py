"""Opens what a process stands on, keeps its loops running, and closes everything in order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import asyncpg
from sqlalchemy.pool import QueuePool

from dify_hex.adapters.persistence.account.sweep import forget_ended_sessions
from dify_hex.adapters.persistence.idempotency import forget_expired_keys
from dify_hex.adapters.persistence.knowledge.embedding_cache import forget_unused_embeddings
from dify_hex.adapters.telemetry.exporter import metrics_exporter
from dify_hex.adapters.telemetry.loop_lag import sample_loop_lag
from dify_hex.application.shared.code_failures import SandboxUnavailable
from dify_hex.application.shared.telemetry import Gauge, Telemetry
from dify_hex.bootstrap.container import Container
from dify_hex.entrypoints.worker.loops import BackgroundLoop, LoopRunner, every

#: Seconds between two looks at the pools.
_POOLS_EVERY = 5.0
_SANDBOX_EVERY = 5.0
_TIMERS_EVERY = 1.0
_JOBS_EVERY = 1.0
_SCHEDULES_EVERY = 1.0
_BACKLOG_EVERY = 5.0
_OLD_TASKS_EVERY = 3600.0
_OLD_RUNS_EVERY = 3600.0
_KEYS_EVERY = 600.0
_SESSIONS_EVERY = 6 * 3600.0
_FILES_EVERY = 60.0
_EMBEDDINGS_EVERY = 6 * 3600.0
#: How long the vector of a text that nobody needs is remembered.
_KEEP_EMBEDDINGS = timedelta(days=30)
_PARTITIONS_EVERY = 6 * 3600.0


@asynccontextmanager
async def running(container: Container, loops: Sequence[BackgroundLoop]) -> AsyncIterator[None]:
    """Everything is open and every loop runs while the context is; the loops end first.

    Servers that are away do not keep a process from starting: its checks say so, and it recovers
    when they return.
    """
    shared = container.shared()
    server = shared.settings().server
    # A storage that cannot be meant keeps the process from starting; one that is away does not.
    container.objects().store()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(shared.engine().dispose)
        stack.push_async_callback(shared.http_client().aclose)
        stack.push_async_callback(container.model_calls().tenants_pool().aclose)
        stack.push_async_callback(container.outbound_http().client().aclose)
        stack.push_async_callback(container.outbound_http().resolver().aclose)
        stack.push_async_callback(shared.redis().aclose)
        stack.push_async_callback(container.outbox().store().close)
        for pool in (shared.pool(), shared.system_pool()):
            await stack.enter_async_context(_opened(pool))
        storage = container.run_storage()
        await stack.enter_async_context(storage.stream())
        await stack.enter_async_context(storage.signals())
        telemetry = shared.telemetry()
        await stack.enter_async_context(
            metrics_exporter(telemetry.exposition, server.metrics_bind, server.metrics_port)
        )
        await stack.enter_async_context(LoopRunner([*_common(container), *loops], telemetry))
        yield


def run_loops(container: Container) -> list[BackgroundLoop]:
    """What every process that executes runs keeps going."""
    workflow = container.workflow()
    return [
        BackgroundLoop("lease-keeper", workflow.keeper().keep),
        BackgroundLoop("run-signals", workflow.keeper().listen),
        BackgroundLoop("leaving-watch", workflow.leaving().watch),
    ]


def worker_loops(container: Container) -> list[BackgroundLoop]:
    """What the worker does beside executing runs: claiming, delivering, tidying up."""
    system_pool = container.shared().system_pool()
    workflow = container.workflow()
    return [
        *_job_loops(container),
        BackgroundLoop("run-claimer", workflow.claimer().claim_forever),
        every(_TIMERS_EVERY, "run-timers", container.run_control().sweep_timers().execute),
        BackgroundLoop("outbox-relay", container.outbox().relay().run),
        every(
            _PARTITIONS_EVERY, "journal-partitions", container.run_storage().partitions().make_ahead
        ),
        every(_OLD_RUNS_EVERY, "old-runs", container.run_retention().sweep_old_runs().execute),
        every(_SESSIONS_EVERY, "ended-sessions", partial(forget_ended_sessions, system_pool)),
        every(_FILES_EVERY, "expired-files", container.files().sweep_expired_files().execute),
        every(
            _EMBEDDINGS_EVERY,
            "unused-embeddings",
            partial(forget_unused_embeddings, system_pool, _KEEP_EMBEDDINGS),
        ),
        every(_KEYS_EVERY, "idempotency-keys", partial(forget_expired_keys, system_pool)),
        every(_SANDBOX_EVERY, "sandbox", partial(_report_sandbox, container)),
    ]


def _job_loops(container: Container) -> list[BackgroundLoop]:
    jobs = container.jobs()
    return [
        BackgroundLoop("job-workers", jobs.workers().run),
        BackgroundLoop("job-heartbeats", jobs.keeper().keep),
        every(_JOBS_EVERY, "lost-jobs", jobs.sweep_tasks().execute),
        every(_SCHEDULES_EVERY, "schedules", jobs.come_due().execute),
        every(_BACKLOG_EVERY, "job-backlog", jobs.sweep_tasks().report),
        every(_OLD_TASKS_EVERY, "old-tasks", jobs.sweep_old_tasks().execute),
    ]


def _common(container: Container) -> list[BackgroundLoop]:
    shared = container.shared()
    telemetry = shared.telemetry()
    report = partial(_report_pools, telemetry, container)
    return [
        BackgroundLoop("api-key-usage", container.credentials().key_usage().run),
        BackgroundLoop("job-invitations", shared.invitations().run),
        BackgroundLoop("segment-hits", container.retrieval().hits().run),
        BackgroundLoop("loop-lag", partial(sample_loop_lag, telemetry)),
        every(_POOLS_EVERY, "pools", report),
    ]


async def _report_pools(telemetry: Telemetry, container: Container) -> None:
    shared = container.shared()
    sizes = {"lean": _sizes(shared.pool()), "system": _sizes(shared.system_pool())}
    orm = shared.engine().sync_engine.pool
    if isinstance(orm, QueuePool):
        sizes["orm"] = (orm.checkedout(), orm.checkedin())
    for name, (used, idle) in sizes.items():
        telemetry.set_gauge(Gauge.POOL_CONNECTIONS, used, pool=name, state="used")
        telemetry.set_gauge(Gauge.POOL_CONNECTIONS, idle, pool=name, state="idle")


async def _report_sandbox(container: Container) -> None:
    if container.shared().endpoints().sandbox_url is None:
        return
    telemetry = container.shared().telemetry()
    # Whether it answers at all is what its health check says.
    with suppress(SandboxUnavailable):
        standing = await container.sandbox().client().standing()
        for state in ("running", "waiting"):
            telemetry.set_gauge(Gauge.SANDBOX_EXECUTIONS, standing[state], state=state)


def _sizes(pool: asyncpg.Pool) -> tuple[int, int]:
    idle = pool.get_idle_size()
    return pool.get_size() - idle, idle


@asynccontextmanager
async def _opened(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """The pool, without a connection yet; ended by force when it does not close in time."""
    await pool
    try:
        yield
    finally:
        pool.terminate()
