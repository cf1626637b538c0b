"""The transaction boundary that use cases work in."""

from abc import abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeVar

from dify_hex.domain.shared.ids import TenantId


class UnitOfWork(Protocol):
    """One transaction of one tenant; leaving it without `commit` undoes everything.

    Committing also stores the events of every aggregate that was touched, in the same transaction.
    A slice declares its own narrow protocol on top, with the repositories it needs as read-only
    properties.
    """

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    @abstractmethod
    async def commit(self) -> None:
        """Make everything done so far permanent, or raise and keep nothing.

        Raises:
            StaleVersion: an aggregate was changed by someone else meanwhile.
            Conflict: a constraint of the store was violated; its own subclass says which.
            Unavailable: the database could not be reached.
        """


WorkT = TypeVar("WorkT", bound=UnitOfWork)

#: Opens a unit of work for one tenant: `async with begin(actor.tenant_id) as work: …`.
BeginWork = Callable[[TenantId], WorkT]
