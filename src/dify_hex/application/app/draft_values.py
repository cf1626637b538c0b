"""What the nodes of drafts have put out last, for whoever is still drawing."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork, UnitOfWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.repository import AppRepository
from dify_hex.domain.shared.ids import AppId, NodeId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftValue:
    """What a node has put out last; `run_id` is None when it was run by itself."""

    node_id: NodeId
    outputs: JsonObject
    at: datetime
    run_id: WorkflowRunId | None = None


class DraftValues(Protocol):
    """The last values of the nodes of drafts, from runs of the draft and of single nodes."""

    @abstractmethod
    async def latest(self, app_id: AppId) -> Sequence[DraftValue]:
        """One value for each node that has put out any since the last time of forgetting."""

    @abstractmethod
    async def keep(self, app_id: AppId, value: DraftValue) -> None:
        """Remember what a node has put out that was run by itself."""

    @abstractmethod
    async def forget(self, app_id: AppId, at: datetime) -> None:
        """Remember nothing of what was put out until now."""


class DraftValuesWork(UnitOfWork, Protocol):
    """A transaction over the last values of drafts."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def draft_values(self) -> DraftValues:
        """What the nodes of their drafts have put out last."""


class ShowDraftValues:
    """Shows the last value of each node of a draft.

    - Runs of the draft count, and runs of single nodes, whichever was later.
    - Secrets are masked: they were when the values were kept.
    """

    def __init__(self, *, begin: BeginWork[DraftValuesWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, app_id: AppId) -> Sequence[DraftValue]:
        """The values, by the ids of their nodes.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            await work.apps.standing(app_id)
            return await work.draft_values.latest(app_id)


class ForgetDraftValues:
    """Forgets the last values of all nodes of a draft.

    - The runs that made them stay as they are.
    """

    def __init__(self, *, begin: BeginWork[DraftValuesWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, app_id: AppId) -> None:
        """Forget them.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            await work.apps.standing(app_id)
            await work.draft_values.forget(app_id, self._clock.now())
            await work.commit()
