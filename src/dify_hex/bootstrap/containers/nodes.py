"""The executors of all node types, with the ports that each of them needs."""

from dependency_injector import containers, providers

from dify_hex.application.workflow.nodes.answer import AnswerExecutor
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.nodes.start import StartExecutor
from dify_hex.application.workflow.ports import ConversationMemory


class NodesContainer(containers.DeclarativeContainer):
    """One executor per node type; `models`, `calls` and `memory` come from other slices."""

    storage = providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    calls = providers.DependenciesContainer()
    memory: providers.Dependency[ConversationMemory] = providers.Dependency()

    registry = providers.Singleton(
        NodeRegistry,
        start=providers.Singleton(StartExecutor),
        llm=providers.Singleton(
            LlmExecutor,
            resolve_model=models.resolve_model,
            chat_model=calls.chat_model,
            token_counter=calls.token_counter,
            memory=memory,
            templates=storage.templates,
        ),
        answer=providers.Singleton(AnswerExecutor),
    )
