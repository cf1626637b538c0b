"""Workflow apps as others link to them."""

from typing import Protocol

from dify_hex.application.app.runnable_apps import RunnableApps, RunnableAppWork, VersionChoice
from dify_hex.application.shared.unit_of_work import BeginWork, UnitOfWork
from dify_hex.application.workflow.linked_workflows import (
    PublishedWorkflow,
    PublishedWorkflows,
    RunSecrets,
)
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.app.errors import AppNotAWorkflow
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.ids import AppId, TenantId


class LinkedAppWork(UnitOfWork, RunnableAppWork, Protocol):
    """A transaction in which an app is looked up."""


class LinkedApps(PublishedWorkflows):
    """Finds the workflow apps of a tenant, in the versions that were published."""

    def __init__(
        self,
        *,
        begin: BeginWork[LinkedAppWork],
        apps: RunnableApps,
        graphs: GraphCodec,
        secrets: RunSecrets,
    ) -> None:
        self._begin = begin
        self._apps = apps
        self._graphs = graphs
        self._secrets = secrets

    async def find(
        self, tenant_id: TenantId, app_id: AppId, version: int | None
    ) -> PublishedWorkflow:
        """The version of that number; the latest one for None.

        Raises:
            AppNotFound: the tenant has no such app.
            AppVersionNotFound: the app has no version of that number.
            AppIsArchived: the app is out of use.
            AppNotPublished: the app has no version yet.
            AppNotAWorkflow: the app is talked to, not run.
        """
        choice = VersionChoice.PUBLISHED if version is None else version
        async with self._begin(tenant_id) as work:
            app = await self._apps.find(app_id, choice, work)
        mode = app.configuration.mode
        if mode is not AppMode.WORKFLOW or app.version_id is None:
            raise AppNotAWorkflow(mode=mode.value)
        graph = self._graphs.parse(app.graph.json)
        secrets = await self._secrets.of(tenant_id, app_id) if graph.declares_secrets else {}
        return PublishedWorkflow(
            app_version_id=app.version_id, graph_hash=app.graph.hash, graph=graph, secrets=secrets
        )
