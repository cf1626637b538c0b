"""What a stored run has linked to is found again, and its secrets are read afresh."""

from collections.abc import Collection, Mapping
from uuid import UUID

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.application.workflow.engine.run_surroundings import RunSurroundings
from dify_hex.application.workflow.linked_workflows import NoSecrets, RunSecrets, StoredGraphs
from dify_hex.domain.shared.ids import AppId, AppVersionId, NodeId, TenantId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import NOW, edge, facts, node, start

TENANT = TenantId(UUID(int=1))
LINKED = AppId(UUID(int=7))
CODEC = PydanticGraphCodec()


def drawn(*, secret: bool = False) -> Graph:
    declared = VariableDeclaration(name="TOKEN", type=ValueType.SECRET)
    return Graph(
        nodes=(node("start", start()), node("end", EndConfig())),
        edges=(edge("start", "end"),),
        environment=(declared,) if secret else (),
    )


def linking(graph: Graph) -> SubWorkflowStarted:
    return SubWorkflowStarted(
        at=NOW,
        node_id=NodeId("inner"),
        app_id=LINKED,
        app_version_id=AppVersionId(UUID(int=8)),
        graph_hash=CODEC.document(graph).hash,
        inputs={},
    )


class Shelf(StoredGraphs):
    """Graphs that are stored."""

    def __init__(self, *graphs: Graph) -> None:
        documents = map(CODEC.document, graphs)
        self._documents = {document.hash: document for document in documents}

    async def find(
        self, tenant_id: TenantId, hashes: Collection[str]
    ) -> Mapping[str, GraphDocument]:
        del tenant_id
        return {name: self._documents[name] for name in hashes}


class AppsSecrets(RunSecrets):
    """Each app has a token that names it."""

    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        del tenant_id
        return {"TOKEN": str(app_id)}


async def test_linked_graphs_are_found_by_their_hashes() -> None:
    inner = drawn(secret=True)
    surroundings = RunSurroundings(CODEC, Shelf(inner), AppsSecrets())

    found = await surroundings.of(TENANT, drawn(), [facts(), linking(inner)])

    assert list(found.linked.values()) == [inner]
    assert found.secrets == {LINKED: {"TOKEN": str(LINKED)}}


async def test_secrets_are_read_for_those_that_declare_some() -> None:
    began = facts()

    plain = await RunSurroundings(CODEC, secrets=AppsSecrets()).of(TENANT, drawn(), [began])
    secretive = await RunSurroundings(CODEC, secrets=AppsSecrets()).of(
        TENANT, drawn(secret=True), [began]
    )
    detached = await RunSurroundings(CODEC).of(TENANT, drawn(secret=True), [began])

    assert plain.secrets == {}
    assert secretive.secrets == {began.app_id: {"TOKEN": str(began.app_id)}}
    assert detached.secrets == {began.app_id: await NoSecrets().of(TENANT, began.app_id)}
