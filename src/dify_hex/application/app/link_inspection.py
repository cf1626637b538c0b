"""Finding links of a drawn graph that lead back to the app itself."""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from dify_hex.application.app.graph_inspection import in_node
from dify_hex.application.shared.unit_of_work import BeginWork, UnitOfWork
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.app.repository import AppRepository, AppVersionRepository
from dify_hex.domain.shared.errors import Conflict, NotFound
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig

#: Linked workflows looked at per inspection; circles beyond them show when they are run.
MAX_LOOKED_AT = 100


class LinkedVersionWork(UnitOfWork, Protocol):
    """A transaction in which published versions are looked at."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def app_versions(self) -> AppVersionRepository:
        """Their published versions."""


class LinkInspector:
    """Follows links through what is published now, until one leads back or there are no more."""

    def __init__(self, *, begin: BeginWork[LinkedVersionWork], graphs: GraphCodec) -> None:
        self._begin = begin
        self._graphs = graphs

    async def faults(self, tenant_id: TenantId, app_id: AppId, graph: Graph) -> list[Fault]:
        """One for each node by which the graph would come to run inside of itself."""
        links = list(_links_in(graph))
        if not links:
            return []
        faults: list[Fault] = []
        async with self._begin(tenant_id) as work:
            known: dict[tuple[AppId, int | None], Sequence[SubWorkflowConfig]] = {}
            for node_id, config in links:
                path = await self._path_back(config, app_id, known, work)
                if path is not None:
                    faults.append(_fault(node_id, path))
        return faults

    async def _path_back(
        self,
        first: SubWorkflowConfig,
        home: AppId,
        known: dict[tuple[AppId, int | None], Sequence[SubWorkflowConfig]],
        work: LinkedVersionWork,
    ) -> Sequence[AppId] | None:
        """The apps on the shortest way back, without home itself; None when there is none."""
        begun = {(first.app_id, first.pinned)}
        ways: deque[tuple[SubWorkflowConfig, tuple[AppId, ...]]] = deque()
        ways.append((first, (first.app_id,)))
        while ways:
            link, way = ways.popleft()
            if link.app_id == home:
                return way[:-1]
            key = (link.app_id, link.pinned)
            if key not in known:
                if len(known) >= MAX_LOOKED_AT:
                    return None
                known[key] = await self._links_of(link, work)
            for following in known[key]:
                if (following.app_id, following.pinned) not in begun:
                    begun.add((following.app_id, following.pinned))
                    ways.append((following, (*way, following.app_id)))
        return None

    async def _links_of(
        self, link: SubWorkflowConfig, work: LinkedVersionWork
    ) -> Sequence[SubWorkflowConfig]:
        try:
            published = (await work.apps.standing(link.app_id)).runnable()
            number = published.number if link.pinned is None else link.pinned
            version = await work.app_versions.get(link.app_id, number)
        except (NotFound, Conflict):
            # What cannot be run leads nowhere; whoever runs it is told so.
            return ()
        document = await work.app_versions.graph_of(version)
        return [config for _, config in _links_in(self._graphs.parse(document.json))]


def _links_in(graph: Graph) -> Iterator[tuple[str, SubWorkflowConfig]]:
    for node in graph.nodes:
        if isinstance(node.config, SubWorkflowConfig):
            yield node.id, node.config


def _fault(node_id: str, path: Sequence[AppId]) -> Fault:
    way = f" by way of {', '.join(map(str, path))}" if path else ""
    return Fault(
        code="link_circle",
        path=in_node(node_id, "app_id"),
        message=f"This workflow would run inside of itself{way}; link to another one, or use a "
        "loop for what is to be repeated.",
        node_id=node_id,
        field="app_id",
    )
