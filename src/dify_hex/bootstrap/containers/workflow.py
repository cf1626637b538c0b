"""The workflow slice: the engine of this process, and what may be asked of runs."""

from dependency_injector import containers, providers
from pydantic import SecretStr

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.adapters.persistence.workflow.leases import PostgresRunControl, PostgresRunLeases
from dify_hex.adapters.persistence.workflow.partition_keeper import JournalPartitions
from dify_hex.adapters.persistence.workflow.reader import SqlRunReader
from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.adapters.redis.run_signals import RedisRunSignals
from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.engine.claimer import RunClaimer
from dify_hex.application.workflow.engine.lease_keeper import LeaseKeeper
from dify_hex.application.workflow.engine.leaving import LeavingWatch
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.engine.run_loader import RunLoader
from dify_hex.application.workflow.engine.scheduler import RunLimits
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.journal_watch import JournalWatch
from dify_hex.application.workflow.nodes.answer import AnswerExecutor
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.nodes.start import StartExecutor
from dify_hex.application.workflow.ports import ConversationMemory, RunReader, RunSignals
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.bootstrap.index import UseCaseIndex


def _journal_partitions(admin_url: SecretStr, clock: Clock) -> JournalPartitions:
    return JournalPartitions(admin_url.get_secret_value(), clock)


class WorkflowContainer(containers.DeclarativeContainer):
    """One engine per process; `models` and `conversation` lend it what its nodes need."""

    shared = providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    memory: providers.Dependency[ConversationMemory] = providers.Dependency()
    run_capacity = providers.Dependency(instance_of=int)

    graphs = providers.Singleton(PydanticGraphCodec)
    events = providers.Singleton(PydanticRunEventCodec)
    templates = providers.Singleton(JinjaTemplates)

    journal = providers.Singleton(PostgresRunJournal, shared.pool, shared.telemetry)
    leases = providers.Singleton(PostgresRunLeases, shared.pool, shared.system_pool)
    control = providers.Singleton(PostgresRunControl, shared.pool)
    partitions = providers.Singleton(
        _journal_partitions, shared.endpoints.provided.database_admin_url, shared.clock
    )
    stream = providers.Singleton(RedisRunEventStream, shared.redis, process=shared.process_name)
    signals = providers.Singleton(RedisRunSignals, shared.redis)

    nodes = providers.Singleton(
        NodeRegistry,
        start=providers.Factory(StartExecutor),
        llm=providers.Factory(
            LlmExecutor,
            resolve_model=models.resolve_model,
            chat_model=models.chat_model,
            token_counter=models.token_counter,
            memory=memory,
            templates=templates,
        ),
        answer=providers.Factory(AnswerExecutor),
    )
    loader = providers.Singleton(
        RunLoader,
        journal=journal,
        stream=stream,
        stored_runs=control,
        graphs=graphs,
        events=events,
        nodes=nodes,
        clock=shared.clock,
        faults=shared.faults,
        limits=providers.Factory(RunLimits),
    )
    host = providers.Singleton(
        RunHost,
        owner=shared.process_name,
        capacity=run_capacity,
        loader=loader,
        leases=leases,
        signals=signals,
        faults=shared.faults,
        telemetry=shared.telemetry,
    )
    keeper = providers.Singleton(LeaseKeeper, host=host, leases=leases, signals=signals)
    leaving = providers.Singleton(LeavingWatch, host=host, stream=stream)
    claimer = providers.Singleton(
        RunClaimer, host=host, leases=leases, signals=signals, faults=shared.faults
    )

    start_run = providers.Singleton(
        StartRun, owner=shared.process_name, clock=shared.clock, graphs=graphs, events=events
    )
    stop_run = providers.Factory(
        StopRun, control=control, leases=leases, signals=signals, host=host
    )
    watch = providers.Singleton(JournalWatch, journal)
    follow_run = providers.Singleton(FollowRun, stream=stream, watch=watch)
    run_reader = providers.Singleton(SqlRunReader, shared.reads)


def workflow_use_cases(container: WorkflowContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        FollowRun: container.follow_run,
        RunHost: container.host,
        RunReader: container.run_reader,
        RunSignals: container.signals,
        StopRun: container.stop_run,
    }
