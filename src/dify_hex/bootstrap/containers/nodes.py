"""The executors of all node types, with the services that they share."""

from dependency_injector import containers, providers

from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.ports import ConversationMemory


class NodesContainer(containers.DeclarativeContainer):
    """One registry per process; `models`, `calls` and `memory` come from other slices."""

    storage = providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    calls = providers.DependenciesContainer()
    memory: providers.Dependency[ConversationMemory] = providers.Dependency()

    services = providers.Singleton(
        NodeServices,
        resolve_model=models.resolve_model,
        chat_model=calls.chat_model,
        token_counter=calls.token_counter,
        memory=memory,
        templates=storage.templates,
        schema_validator=providers.Singleton(JsonSchemaValidator),
    )
    registry = providers.Singleton(NodeRegistry, services)
