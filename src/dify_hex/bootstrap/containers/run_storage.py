"""What runs are kept in and pass through: journal, leases, event stream, codecs."""

from dependency_injector import containers, providers
from pydantic import SecretStr

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.adapters.persistence.workflow.forms import PostgresForms
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.adapters.persistence.workflow.leases import PostgresRunControl, PostgresRunLeases
from dify_hex.adapters.persistence.workflow.partition_keeper import JournalPartitions
from dify_hex.adapters.persistence.workflow.reader import SqlRunReader
from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.adapters.redis.run_signals import RedisRunSignals
from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.engine.form_answers import FormAnswers
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.bootstrap.index import UseCaseIndex


def _journal_partitions(admin_url: SecretStr | None, clock: Clock) -> JournalPartitions:
    return JournalPartitions(admin_url.get_secret_value() if admin_url else None, clock)


class RunStorageContainer(containers.DeclarativeContainer):
    """One of each per process."""

    shared = providers.DependenciesContainer()

    graphs = providers.Singleton(
        PydanticGraphCodec, schemas=providers.Singleton(JsonSchemaValidator)
    )
    events = providers.Singleton(PydanticRunEventCodec)
    templates = providers.Singleton(JinjaTemplates)

    journal = providers.Singleton(PostgresRunJournal, shared.pool, shared.telemetry)
    leases = providers.Singleton(PostgresRunLeases, shared.pool, shared.system_pool)
    control = providers.Singleton(PostgresRunControl, shared.pool)
    forms = providers.Singleton(PostgresForms, shared.pool)
    answers = providers.Singleton(FormAnswers, forms)
    run_reader = providers.Singleton(SqlRunReader, shared.reads)
    partitions = providers.Singleton(
        _journal_partitions, shared.endpoints.provided.database_admin_url, shared.clock
    )
    stream = providers.Singleton(
        RedisRunEventStream,
        shared.redis,
        process=shared.process_name,
        tail_characters=shared.settings.provided.run.stream_buffer_bytes,
    )
    signals = providers.Singleton(RedisRunSignals, shared.redis)


def run_storage_use_cases(container: RunStorageContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {GraphCodec: container.graphs}
