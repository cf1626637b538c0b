"""Finding Knowledge that an app names and its tenant does not have."""

from collections.abc import Iterator
from dataclasses import dataclass

from dify_hex.application.app.graph_inspection import in_node
from dify_hex.application.knowledge.retrieval_ports import KnowledgeCatalogue
from dify_hex.domain.app.configuration import PromptConfiguration
from dify_hex.domain.shared.ids import KnowledgeId, TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    knowledge_id_in,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKnowledge:
    """A place that names a Knowledge; the id is None where what stands there is none."""

    knowledge_id: KnowledgeId | None
    path: str
    node_id: str | None = None
    field: str | None = None


class KnowledgeInspector:
    """Looks every Knowledge up that is named, all at once."""

    def __init__(self, catalogue: KnowledgeCatalogue) -> None:
        self._catalogue = catalogue

    async def faults(self, tenant_id: TenantId, place: PromptConfiguration | Graph) -> list[Fault]:
        """One for each Knowledge that cannot be searched, as there is none for this tenant."""
        named = list(_in_graph(place) if isinstance(place, Graph) else _in_prompt(place))
        wanted = {each.knowledge_id for each in named if each.knowledge_id is not None}
        known = await self._catalogue.find(tenant_id, wanted) if wanted else {}
        return [_fault(each) for each in named if each.knowledge_id not in known]


def _in_prompt(configuration: PromptConfiguration) -> Iterator[NamedKnowledge]:
    if configuration.knowledge is None:
        return
    for index, source in enumerate(configuration.knowledge.sources):
        path = f"knowledge.sources[{index}].knowledge_id"
        yield NamedKnowledge(knowledge_id=source.knowledge_id, path=path)


def _in_graph(graph: Graph) -> Iterator[NamedKnowledge]:
    for node in graph.nodes:
        if isinstance(node.config, KnowledgeRetrievalConfig):
            for index, written in enumerate(node.config.dataset_ids):
                field = f"dataset_ids.{index}"
                yield NamedKnowledge(
                    knowledge_id=knowledge_id_in(written),
                    path=in_node(node.id, field),
                    node_id=node.id,
                    field=field,
                )


def _fault(named: NamedKnowledge) -> Fault:
    return Fault(
        code="knowledge_unknown",
        path=named.path,
        message="There is no such Knowledge. GET /v1/knowledge lists those that can be chosen.",
        node_id=named.node_id,
        field=named.field,
    )
