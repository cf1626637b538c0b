"""What is to be known of the kinds of tasks by whoever steers them."""

from collections.abc import Iterable
from dataclasses import dataclass

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.task.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """A kind of task: who may steer it, and whether it has to be done.

    `permission` is that of what the task does. What `is_owed` completes something that has been
    answered with success already, such as a deletion.
    """

    name: str
    permission: Permission
    is_owed: bool = False


class TaskKinds:
    """The kinds that the slices above have named; any other is owed to nobody."""

    def __init__(self, kinds: Iterable[TaskKind] = ()) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    @property
    def owed(self) -> frozenset[str]:
        """The names of those that have to be done."""
        return frozenset(name for name, kind in self._kinds.items() if kind.is_owed)

    def require_steering(self, actor: Actor, task: Task) -> None:
        """Let pass who may do what the task does.

        Raises:
            PermissionDenied: the actor may not.
        """
        kind = self._kinds.get(task.order.kind)
        if kind is not None:
            actor.require(kind.permission)

    def is_owed(self, task: Task) -> bool:
        """Whether the task has to be done."""
        kind = self._kinds.get(task.order.kind)
        return kind is not None and kind.is_owed
