"""The root of the object graph: it composes the slices' containers and nothing else."""

from dependency_injector import containers, providers

from dify_hex.bootstrap.containers.account import AccountContainer
from dify_hex.bootstrap.containers.app import AppContainer
from dify_hex.bootstrap.containers.app_runs import AppRunsContainer
from dify_hex.bootstrap.containers.app_supplies import AppSuppliesContainer
from dify_hex.bootstrap.containers.conversation import ConversationContainer
from dify_hex.bootstrap.containers.credentials import CredentialsContainer
from dify_hex.bootstrap.containers.drafts import DraftsContainer
from dify_hex.bootstrap.containers.embeddings import EmbeddingsContainer
from dify_hex.bootstrap.containers.file import FileContainer
from dify_hex.bootstrap.containers.indexing import IndexingContainer
from dify_hex.bootstrap.containers.job_handlers import JobHandlersContainer
from dify_hex.bootstrap.containers.job_work import JobWorkContainer
from dify_hex.bootstrap.containers.knowledge import KnowledgeContainer
from dify_hex.bootstrap.containers.model_calls import ModelCallsContainer
from dify_hex.bootstrap.containers.model_provider import ModelsContainer
from dify_hex.bootstrap.containers.nodes import NodesContainer
from dify_hex.bootstrap.containers.object_storage import ObjectStorageContainer
from dify_hex.bootstrap.containers.outbound_http import OutboundHttpContainer
from dify_hex.bootstrap.containers.outbox import OutboxContainer
from dify_hex.bootstrap.containers.reading import ReadingContainer
from dify_hex.bootstrap.containers.retrieval import RetrievalContainer
from dify_hex.bootstrap.containers.run_branches import RunBranchesContainer
from dify_hex.bootstrap.containers.run_control import RunControlContainer
from dify_hex.bootstrap.containers.run_history import RunHistoryContainer
from dify_hex.bootstrap.containers.run_retention import RunRetentionContainer
from dify_hex.bootstrap.containers.run_storage import RunStorageContainer
from dify_hex.bootstrap.containers.sandbox import SandboxContainer
from dify_hex.bootstrap.containers.segment import SegmentContainer
from dify_hex.bootstrap.containers.shared import SharedContainer
from dify_hex.bootstrap.containers.task import TaskContainer
from dify_hex.bootstrap.containers.workflow import WorkflowContainer
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.settings import Settings


class Container(containers.DeclarativeContainer):
    """Every slice, over one shared foundation."""

    settings = providers.Dependency(instance_of=Settings)
    endpoints = providers.Dependency(instance_of=Endpoints)
    process_name = providers.Dependency(instance_of=str)
    run_capacity = providers.Dependency(instance_of=int)

    shared = providers.Container(
        SharedContainer, settings=settings, endpoints=endpoints, process_name=process_name
    )
    credentials = providers.Container(CredentialsContainer, shared=shared)
    account = providers.Container(AccountContainer, shared=shared, tools=credentials)
    objects = providers.Container(ObjectStorageContainer, shared=shared)
    files = providers.Container(FileContainer, shared=shared, objects=objects)
    model_calls = providers.Container(ModelCallsContainer, shared=shared)
    outbound_http = providers.Container(OutboundHttpContainer, shared=shared)
    sandbox = providers.Container(SandboxContainer, shared=shared)
    models = providers.Container(ModelsContainer, shared=shared, calls=model_calls)
    embeddings = providers.Container(
        EmbeddingsContainer, shared=shared, models=models, calls=model_calls
    )
    reading = providers.Container(ReadingContainer, shared=shared, objects=objects)
    indexing = providers.Container(
        IndexingContainer, shared=shared, objects=objects, embeddings=embeddings, reading=reading
    )
    retrieval = providers.Container(
        RetrievalContainer,
        shared=shared,
        models=models,
        calls=model_calls,
        embeddings=embeddings,
        indexing=indexing,
    )
    segments = providers.Container(
        SegmentContainer,
        shared=shared,
        embeddings=embeddings,
        indexing=indexing,
        reading=reading,
    )
    run_storage = providers.Container(RunStorageContainer, shared=shared)
    apps = providers.Container(
        AppContainer, shared=shared, storage=run_storage, models=models, retrieval=retrieval
    )
    supplies = providers.Container(AppSuppliesContainer, shared=shared, apps=apps)
    nodes = providers.Container(
        NodesContainer,
        shared=shared,
        objects=objects,
        reading=reading,
        files=files,
        outbound_http=outbound_http,
        sandbox=sandbox,
        storage=run_storage,
        models=models,
        retrieval=retrieval,
        supplies=supplies,
    )
    workflow = providers.Container(
        WorkflowContainer,
        shared=shared,
        storage=run_storage,
        nodes=nodes,
        objects=objects,
        capacity=run_capacity,
    )
    app_runs = providers.Container(
        AppRunsContainer, shared=shared, apps=apps, files=files, workflow=workflow
    )
    drafts = providers.Container(
        DraftsContainer,
        shared=shared,
        storage=run_storage,
        nodes=nodes,
        app_runs=app_runs,
        workflow=workflow,
    )
    run_control = providers.Container(
        RunControlContainer, shared=shared, storage=run_storage, workflow=workflow, file=files
    )
    run_history = providers.Container(
        RunHistoryContainer, shared=shared, storage=run_storage, nodes=nodes, objects=objects
    )
    run_retention = providers.Container(RunRetentionContainer, shared=shared, objects=objects)
    run_branches = providers.Container(
        RunBranchesContainer,
        shared=shared,
        objects=objects,
        storage=run_storage,
        apps=apps,
        app_runs=app_runs,
        workflow=workflow,
        history=run_history,
    )
    outbox = providers.Container(OutboxContainer, shared=shared, storage=run_storage)
    knowledge = providers.Container(
        KnowledgeContainer, shared=shared, objects=objects, models=models
    )
    job_handlers = providers.Container(JobHandlersContainer, indexing=indexing)
    jobs = providers.Container(
        JobWorkContainer, shared=shared, objects=objects, job_handlers=job_handlers
    )
    tasks = providers.Container(TaskContainer, shared=shared, objects=objects)
    conversation = providers.Container(
        ConversationContainer, shared=shared, workflow=workflow, apps=app_runs
    )
