"""Finds what a stored run needs besides its own graph and journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dify_hex.application.workflow.linked_workflows import (
    NoGraphs,
    NoSecrets,
    RunSecrets,
    StoredGraphs,
)
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run_events import RunEvent, RunStarted


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Linked graphs by hash, and secrets by app."""

    linked: Mapping[str, Graph]
    secrets: Mapping[AppId, JsonObject]


class RunSurroundings:
    """Looks linked graphs up by the hashes that the journal tells, and reads secrets afresh."""

    def __init__(
        self,
        graphs: GraphCodec,
        stored: StoredGraphs | None = None,
        secrets: RunSecrets | None = None,
    ) -> None:
        self._graphs = graphs
        self._stored = stored or NoGraphs()
        self._secrets = secrets or NoSecrets()

    async def of(
        self, tenant_id: TenantId, graph: Graph, events: Sequence[RunEvent]
    ) -> Surroundings:
        """What the run of these events has begun with, and what it has linked to since."""
        linked = await self._linked(tenant_id, events)
        return Surroundings(linked, await self.secrets_of(tenant_id, graph, linked, events))

    async def secrets_of(
        self,
        tenant_id: TenantId,
        graph: Graph,
        linked: Mapping[str, Graph],
        events: Sequence[RunEvent],
    ) -> Mapping[AppId, JsonObject]:
        """The secrets that graphs of the run declare, by the app that they belong to."""
        secretive: dict[AppId, None] = {}
        for event in events:
            if isinstance(event, RunStarted) and graph.declares_secrets:
                secretive[event.app_id] = None
            if isinstance(event, SubWorkflowStarted) and linked[event.graph_hash].declares_secrets:
                secretive[event.app_id] = None
        return {app_id: await self._secrets.of(tenant_id, app_id) for app_id in secretive}

    async def _linked(self, tenant_id: TenantId, events: Sequence[RunEvent]) -> Mapping[str, Graph]:
        hashes = {event.graph_hash for event in events if isinstance(event, SubWorkflowStarted)}
        if not hashes:
            return {}
        documents = await self._stored.find(tenant_id, hashes)
        return {name: self._graphs.parse(document.json) for name, document in documents.items()}
