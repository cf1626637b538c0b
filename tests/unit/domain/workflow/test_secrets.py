"""Secrets reach the environment of a run and of what it links to, and no event."""

from uuid import UUID

from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT, Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import NOW, at, edge, facts, node, start

TOKEN = VariableDeclaration(name="TOKEN", type=ValueType.SECRET)
REGION = VariableDeclaration(name="REGION", value="eu")
LINKED = AppId(UUID(int=7))
TENANT = TenantId(UUID(int=1))
NOTHING = NodeOutcome(outputs={})


def drawn(*environment: VariableDeclaration) -> Graph:
    return Graph(
        nodes=(node("start", start()), node("end", EndConfig())),
        edges=(edge("start", "end"),),
        environment=environment,
    )


def value(name: str) -> Selector:
    return Selector(ENVIRONMENT, name)


def test_only_declared_secrets_are_in_the_environment() -> None:
    graph = drawn(TOKEN, REGION)

    known = graph.environment_values({"TOKEN": "t", "REGION": "us", "OTHER": "x"})

    assert known == {"REGION": "eu", "TOKEN": "t"}
    assert graph.environment_values() == {"REGION": "eu"}
    assert graph.declares_secrets
    assert not drawn(REGION).declares_secrets


def test_a_run_sees_the_secrets_of_its_app() -> None:
    began = facts()
    graph = drawn(TOKEN)
    run = WorkflowRun(
        run_id=began.run_id,
        tenant_id=TENANT,
        graph=graph,
        secrets={began.app_id: {"TOKEN": "t"}},
    )

    events = run.start(began)

    assert run.variables.get(value("TOKEN")) == "t"
    assert "'t'" not in repr(events)
    assert run.secrets_of(at("start")) == {"t"}


def test_a_linked_workflow_sees_its_own_secrets() -> None:
    config = SubWorkflowConfig(app_id=LINKED)
    outer = Graph(
        nodes=(node("start", start()), node("inner", config)), edges=(edge("start", "inner"),)
    )
    began = facts()
    run = WorkflowRun(run_id=began.run_id, tenant_id=TENANT, graph=outer)
    run.start(began)
    run.start_node(at("start"), now=NOW)
    run.succeed_node(at("start"), NOTHING, now=NOW)
    run.start_node(at("inner"), now=NOW)
    started = SubWorkflowStarted(
        at=NOW,
        node_id=at("inner").node_id,
        app_id=LINKED,
        app_version_id=AppVersionId(UUID(int=8)),
        graph_hash="hash",
        inputs={},
    )

    run.enter_workflow(at("inner"), drawn(TOKEN), started, {"TOKEN": "inner"})

    (address,) = run.ready()
    assert run.variables_of(address).get(value("TOKEN")) == "inner"
    assert run.secrets_of(address) == {"inner"}
    assert run.secrets_of(at("inner")) == frozenset()
    assert not run.variables.has(value("TOKEN"))
