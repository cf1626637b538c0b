"""Who does which kind of background job: one line per handler."""

from dependency_injector import containers, providers


class JobHandlersContainer(containers.DeclarativeContainer):
    """The handlers of every slice; each names its kind itself."""

    indexing = providers.DependenciesContainer()

    handlers = providers.List(
        indexing.index_document,
        indexing.delete_document,
        indexing.delete_knowledge,
        indexing.reembed_knowledge,
    )
