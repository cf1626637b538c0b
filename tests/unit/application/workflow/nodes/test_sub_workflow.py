"""The sub-workflow node finds the workflow to run, and holds its inputs against the start."""

from dataclasses import replace
from uuid import UUID

import pytest

from dify_hex.application.workflow.linked_workflows import (
    NoWorkflows,
    PublishedWorkflow,
    PublishedWorkflows,
)
from dify_hex.application.workflow.node_executor import LinkedGraph
from dify_hex.application.workflow.nodes.sub_workflow import SubWorkflowExecutor
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.workflow.errors import LinkedWorkflowMissing, RunInputsInvalid
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig, SubWorkflowInput
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.workflow import edge, graph, node, start

APP = AppId(UUID(int=7))
VERSION = AppVersionId(UUID(int=8))
INNER = graph([node("start", start("name")), node("end", EndConfig())], edge("start", "end"))


class OneWorkflow(PublishedWorkflows):
    """A tenant with a single workflow."""

    def __init__(self) -> None:
        self.asked: list[int | None] = []

    async def find(
        self, tenant_id: TenantId, app_id: AppId, version: int | None
    ) -> PublishedWorkflow:
        del tenant_id, app_id
        self.asked.append(version)
        return PublishedWorkflow(
            app_version_id=VERSION, graph_hash="hash", graph=INNER, secrets={"TOKEN": "t"}
        )


async def linked(config: SubWorkflowConfig, workflows: PublishedWorkflows) -> LinkedGraph:
    executor = SubWorkflowExecutor(replace(services(), workflows=workflows))
    (found,) = [value async for value in executor.execute(config, context_of())]
    assert isinstance(found, LinkedGraph)
    return found


async def test_the_workflow_is_found_with_its_inputs_and_secrets() -> None:
    workflows = OneWorkflow()
    config = SubWorkflowConfig(
        app_id=APP, version=2, inputs=(SubWorkflowInput(variable="name", value="Ann"),)
    )

    found = await linked(config, workflows)

    assert (found.app_id, found.app_version_id, found.graph_hash) == (APP, VERSION, "hash")
    assert (found.graph, found.inputs) == (INNER, {"name": "Ann"})
    assert (found.secrets, workflows.asked) == ({"TOKEN": "t"}, [2])
    assert "TOKEN" not in repr(found)


async def test_inputs_that_the_workflow_does_not_take_fail_the_node() -> None:
    config = SubWorkflowConfig(app_id=APP, inputs=(SubWorkflowInput(variable="size", value=1),))

    with pytest.raises(RunInputsInvalid):
        await linked(config, OneWorkflow())


async def test_without_a_store_there_is_nothing_to_link_to() -> None:
    with pytest.raises(LinkedWorkflowMissing):
        await linked(SubWorkflowConfig(app_id=APP), NoWorkflows())
