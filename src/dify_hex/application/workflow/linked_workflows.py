"""What a run needs besides its own graph: the workflows it links to, and secrets."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import LinkedWorkflowMissing
from dify_hex.domain.workflow.graph.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWorkflow:
    """One version of a workflow app, ready to be run inside of another."""

    app_version_id: AppVersionId
    graph_hash: str
    graph: Graph
    secrets: JsonObject = field(default_factory=dict, repr=False)


class PublishedWorkflows(Protocol):
    """The workflows of a tenant that others may link to."""

    @abstractmethod
    async def find(
        self, tenant_id: TenantId, app_id: AppId, version: int | None
    ) -> PublishedWorkflow:
        """The version of that number; the latest one for None.

        Raises:
            NotFound: the tenant has no such app, or the app no such version.
            Conflict: the app is archived, not published or no workflow.
        """


class RunSecrets(Protocol):
    """The secrets of apps, for their runs and for nobody else."""

    @abstractmethod
    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        """The values by name, as they are now."""


class StoredGraphs(Protocol):
    """The exact graphs that runs have linked to."""

    @abstractmethod
    async def find(
        self, tenant_id: TenantId, hashes: Collection[str]
    ) -> Mapping[str, GraphDocument]:
        """The documents by their hashes."""


class NoWorkflows(PublishedWorkflows):
    """For runs that nothing is stored of: there is nothing to link to."""

    async def find(
        self, tenant_id: TenantId, app_id: AppId, version: int | None
    ) -> PublishedWorkflow:
        """Refuse."""
        del tenant_id, version
        raise LinkedWorkflowMissing(app_id=str(app_id))


class NoSecrets(RunSecrets):
    """For runs that nothing is stored of: none has a value."""

    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        """Nothing."""
        del tenant_id, app_id
        return {}


class NoGraphs(StoredGraphs):
    """For runs that nothing is stored of."""

    async def find(
        self, tenant_id: TenantId, hashes: Collection[str]
    ) -> Mapping[str, GraphDocument]:
        """Nothing."""
        del tenant_id, hashes
        return {}
