"""Background jobs: who does them in this process, and what is swept up behind them."""

from collections.abc import Mapping
from datetime import timedelta

from dependency_injector import containers, providers

from dify_hex.adapters.arq.cron_calendar import CroniterCalendar
from dify_hex.adapters.arq.workers import ArqWorkers
from dify_hex.adapters.persistence.task.leases import PostgresKeptTasks, PostgresTaskLeases
from dify_hex.adapters.persistence.task.schedules import SqlDueSchedules
from dify_hex.adapters.telemetry.dead_letters import LoggedDeadLetters
from dify_hex.application.task.come_due import ComeDue
from dify_hex.application.task.job_desk import JobDesk
from dify_hex.application.task.job_runner import JobRunner
from dify_hex.application.task.job_standing import JobStanding
from dify_hex.application.task.sweep_old_tasks import SweepOldTasks
from dify_hex.application.task.sweep_tasks import SweepTasks
from dify_hex.application.task.task_keeper import TaskKeeper
from dify_hex.bootstrap.settings import JobSettings
from dify_hex.bootstrap.task_kinds import TASK_KINDS
from dify_hex.domain.task.queue import JobQueue
from dify_hex.entrypoints.worker.tasks import run_task


def _places(settings: JobSettings) -> Mapping[JobQueue, int]:
    return {queue: getattr(settings, f"{queue.value}_places") for queue in JobQueue}


def _age(settings: JobSettings) -> timedelta | None:
    return None if settings.keep_days is None else timedelta(days=settings.keep_days)


class JobWorkContainer(containers.DeclarativeContainer):
    """One desk per worker."""

    shared, objects = providers.DependenciesContainer(), providers.DependenciesContainer()
    job_handlers = providers.DependenciesContainer()
    begin, clock, telemetry = shared.begin, shared.clock, shared.telemetry
    owner, blobs, announcer = shared.process_name, objects.blobs, shared.invitations

    settings = shared.settings.provided.jobs
    places = providers.Singleton(_places, settings)
    leases = providers.Singleton(PostgresTaskLeases, shared.system_pool)
    dead_letters = providers.Singleton(LoggedDeadLetters)
    standing = providers.Singleton(
        JobStanding,
        begin=begin,
        announcer=announcer,
        blobs=blobs,
        dead_letters=dead_letters,
        clock=clock,
        telemetry=telemetry,
        faults=shared.faults,
    )
    keeper = providers.Singleton(TaskKeeper, leases=leases, owner=owner, telemetry=telemetry)
    runner = providers.Singleton(
        JobRunner, handlers=job_handlers.handlers, keeper=keeper, standing=standing
    )
    desk = providers.Singleton(JobDesk, leases=leases, runner=runner, owner=owner, places=places)
    task = providers.Object(run_task)
    workers = providers.Singleton(ArqWorkers, shared.redis, run_task=task, desk=desk, places=places)
    sweep_tasks = providers.Singleton(
        SweepTasks, leases=leases, inviter=announcer, standing=standing
    )
    come_due = providers.Singleton(
        ComeDue,
        schedules=providers.Singleton(SqlDueSchedules, shared.system_pool),
        calendar=providers.Singleton(CroniterCalendar),
        begin=begin,
        clock=clock,
    )
    sweep_old_tasks = providers.Singleton(
        SweepOldTasks,
        tasks=providers.Singleton(PostgresKeptTasks, shared.system_pool),
        kinds=providers.Object(TASK_KINDS),
        blobs=blobs,
        clock=clock,
        age=providers.Callable(_age, settings),
    )
