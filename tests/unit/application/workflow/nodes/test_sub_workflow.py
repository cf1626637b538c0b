"""The sub-workflow node finds the workflow to run, and holds its inputs against the start."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from dify_hex.application.workflow.linked_workflows import (
    NoWorkflows,
    PublishedWorkflow,
    PublishedWorkflows,
)
from dify_hex.application.workflow.node_executor import LinkedGraph, NodeContext
from dify_hex.application.workflow.nodes.sub_workflow import (
    LOOKUPS_OF_A_RUN,
    SubWorkflowExecutor,
)
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.workflow.errors import (
    LinkedInCircle,
    LinkedWorkflowMissing,
    NestedTooDeeply,
    RunInputsInvalid,
)
from dify_hex.domain.workflow.links import MAX_DEPTH
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


async def test_what_is_open_around_the_node_is_not_even_looked_for() -> None:
    workflows = OneWorkflow()
    executor = SubWorkflowExecutor(replace(services(), workflows=workflows))
    context = context_of()._replace(links=(AppId(UUID(int=6)), APP, AppId(UUID(int=9))))

    with pytest.raises(LinkedInCircle) as refused:
        await anext(executor.execute(SubWorkflowConfig(app_id=APP), context))

    assert refused.value.details["path"] == [str(UUID(int=each)) for each in (6, 7, 9, 7)]
    assert workflows.asked == []


async def test_what_would_stand_too_deep_is_not_looked_for_either() -> None:
    executor = SubWorkflowExecutor(replace(services(), workflows=OneWorkflow()))
    context = context_of()._replace(frame="/link.0" * MAX_DEPTH)

    with pytest.raises(NestedTooDeeply):
        await anext(executor.execute(SubWorkflowConfig(app_id=APP), context))


class SlowWorkflows(OneWorkflow):
    """Counts how many look something up at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = 0
        self.most = 0

    async def find(
        self, tenant_id: TenantId, app_id: AppId, version: int | None
    ) -> PublishedWorkflow:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return await super().find(tenant_id, app_id, version)


async def test_a_run_looks_up_few_workflows_at_a_time_and_does_not_hold_others_up() -> None:
    workflows = SlowWorkflows()
    executor = SubWorkflowExecutor(replace(services(), workflows=workflows))
    config = SubWorkflowConfig(app_id=APP)

    async def look_up(context: NodeContext) -> None:
        await anext(executor.execute(config, context))

    one, other = context_of(), context_of()
    await asyncio.gather(*(look_up(one) for _ in range(50)))
    assert workflows.most == LOOKUPS_OF_A_RUN

    await asyncio.gather(*(look_up(each) for each in (one, other) for _ in range(50)))
    assert workflows.most == 2 * LOOKUPS_OF_A_RUN
