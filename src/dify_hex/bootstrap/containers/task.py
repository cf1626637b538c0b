"""What may be asked of background jobs from outside."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.task.reader import SqlTaskReader
from dify_hex.application.task.cancel_task import CancelTask
from dify_hex.application.task.drop_task import DropTask
from dify_hex.application.task.ports import TaskReader
from dify_hex.application.task.retry_task import RetryTask
from dify_hex.application.task.show_task import ShowTask
from dify_hex.bootstrap.index import UseCaseIndex
from dify_hex.bootstrap.task_kinds import TASK_KINDS


class TaskContainer(containers.DeclarativeContainer):
    """The tasks of every tenant, as their owners see them."""

    shared, objects = providers.DependenciesContainer(), providers.DependenciesContainer()
    begin, clock, blobs = shared.begin, shared.clock, objects.blobs

    reader = providers.Singleton(SqlTaskReader, shared.reads)
    show_task = providers.Factory(ShowTask, reader=reader, blobs=blobs)
    kinds = providers.Object(TASK_KINDS)
    retry_task = providers.Factory(
        RetryTask, begin=begin, kinds=kinds, announcer=shared.invitations, clock=clock
    )
    cancel_task = providers.Factory(CancelTask, begin=begin, kinds=kinds, clock=clock)
    drop_task = providers.Factory(DropTask, begin=begin, kinds=kinds, blobs=blobs)


def task_use_cases(container: TaskContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        CancelTask: container.cancel_task,
        DropTask: container.drop_task,
        RetryTask: container.retry_task,
        ShowTask: container.show_task,
        TaskReader: container.reader,
    }
