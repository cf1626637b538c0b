"""The executors of all node types, with the services that they share."""

from dependency_injector import containers, providers

from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.adapters.persistence.conversation.memory import SqlConversationMemory
from dify_hex.application.workflow.generated_files import StoredGeneratedFiles
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.stored_file_contents import StoredFileContents


class NodesContainer(containers.DeclarativeContainer):
    """One registry per process; everything that nodes reach comes from other slices."""

    shared = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()
    reading = providers.DependenciesContainer()
    files = providers.DependenciesContainer()
    outbound_http = providers.DependenciesContainer()
    sandbox = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    retrieval = providers.DependenciesContainer()
    supplies = providers.DependenciesContainer()
    run_secrets, surroundings = supplies.run_secrets, supplies.surroundings

    services = providers.Singleton(
        NodeServices,
        resolve_model=models.resolve_model,
        chat_model=models.chat_model,
        token_counter=models.token_counter,
        memory=providers.Singleton(SqlConversationMemory, shared.pool),
        templates=storage.templates,
        forms=storage.forms,
        workflows=supplies.workflows,
        knowledge=retrieval.retrieval,
        schema_validator=providers.Singleton(JsonSchemaValidator),
        http=outbound_http.client,
        sandbox=sandbox.client,
        reader=reading.reader,
        generated_files=providers.Singleton(
            StoredGeneratedFiles, intake=files.intake, clock=shared.clock
        ),
        file_contents=providers.Singleton(
            StoredFileContents,
            begin=shared.begin,
            clock=shared.clock,
            storage=objects.files,
            http=outbound_http.client,
        ),
    )
    registry = providers.Singleton(NodeRegistry, services)
