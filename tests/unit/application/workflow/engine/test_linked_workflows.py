"""A node that opens another workflow: its nodes run in the same run, and their end is its own."""

from collections.abc import AsyncGenerator

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.node_executor import LinkedGraph, NodeContext, NodeOutput
from dify_hex.domain.shared.ids import AppId, AppVersionId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.links import MAX_DEPTH
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.engine import Engine
from tests.builders.workflow import chat_graph, graph, llm, node
from tests.fakes.scripted_nodes import ScriptedNodes

INNER = graph([node("ask", llm())])


def linking(inner: Graph, inside: NodeOutput | VariableMissing | None) -> ScriptedNodes:
    """Outside, the model node opens a workflow; inside it says something, or opens it again."""

    async def script(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        if context.frame and inside is not None:
            if isinstance(inside, VariableMissing):
                raise inside
            yield inside
            return
        yield LinkedGraph(
            app_id=AppId(new_id()),
            app_version_id=AppVersionId(new_id()),
            graph_hash="inner",
            graph=inner,
            inputs={"name": "Ada"},
        )

    return ScriptedNodes(script)


async def test_its_nodes_are_journalled_within_the_run() -> None:
    said = NodeOutcome(outputs={"text": "Deep."})
    engine = Engine(nodes=linking(INNER, said))

    result = await (await engine.launch(chat_graph("Done."))).result()

    assert (result.status, result.answer) == (RunStatus.SUCCEEDED, "Done.")
    journal = engine.journal()
    inside = journal[journal.index("sub_workflow.started") :]
    assert inside[:4] == [
        "sub_workflow.started",
        "node.started",
        "node.succeeded",
        "node.succeeded",
    ]


async def test_a_failure_inside_is_the_runs() -> None:
    engine = Engine(nodes=linking(INNER, VariableMissing(selector="a.b")))

    result = await (await engine.launch(chat_graph("Done."))).result()

    assert result.error is not None
    assert result.error.code == "workflow_variable_missing"
    assert result.error.details["node_id"] == "llm"


async def test_workflows_cannot_open_each_other_without_end() -> None:
    engine = Engine(nodes=linking(INNER, None))

    result = await (await engine.launch(chat_graph("Done."))).result()

    assert result.error is not None
    assert (result.error.code, result.error.details["limit"]) == (
        "workflow_nested_too_deeply",
        MAX_DEPTH,
    )
    assert engine.journal().count("sub_workflow.started") == MAX_DEPTH
