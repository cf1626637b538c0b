"""Who does which kind of background job: one line per handler."""

from dependency_injector import containers, providers


class JobHandlersContainer(containers.DeclarativeContainer):
    """The handlers of every slice; each names its kind itself."""

    handlers = providers.List()
