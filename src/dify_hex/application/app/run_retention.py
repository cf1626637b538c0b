"""How long an app's runs are kept, seen and said."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork, UnitOfWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.repository import AppRepository
from dify_hex.domain.app.run_retention import RunRetention
from dify_hex.domain.shared.ids import AppId


class RunRetentions(Protocol):
    """What the tenant's apps have said of their runs."""

    @abstractmethod
    async def of(self, app_id: AppId) -> RunRetention:
        """What the app has said; nothing, where it has not."""

    @abstractmethod
    async def keep(self, app_id: AppId, retention: RunRetention) -> None:
        """Keep it, in place of what was said before."""


class RunRetentionWork(UnitOfWork, Protocol):
    """A transaction over what apps say of their runs."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def run_retentions(self) -> RunRetentions:
        """How long their runs are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRunRetentionCommand:
    """How long the runs of which app are kept."""

    app_id: AppId
    retention: RunRetention


class SetRunRetention:
    """Says how long an app's runs are kept, and how many of them.

    - It is no part of the draft or of any version, and counts for the runs that there are as well.
    - What the operator has set is the most; an app may have less.
    """

    def __init__(self, *, begin: BeginWork[RunRetentionWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, command: SetRunRetentionCommand) -> RunRetention:
        """Say it.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app has to be unarchived first.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            (await work.apps.standing(command.app_id)).require_active()
            await work.run_retentions.keep(command.app_id, command.retention)
            await work.commit()
        return command.retention


class ShowRunRetention:
    """Tells what an app has said of its runs.

    - Of an archived app it is told, too.
    """

    def __init__(self, *, begin: BeginWork[RunRetentionWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, app_id: AppId) -> RunRetention:
        """What it has said.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(app_id, Permission.APP_READ)
        async with self._begin(actor.tenant_id) as work:
            await work.apps.standing(app_id)
            return await work.run_retentions.of(app_id)
