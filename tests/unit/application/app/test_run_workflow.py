"""Running a workflow app: stored, launched, waited for, or left to a worker."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.app.flow_inputs import FlowInputs
from dify_hex.application.app.linked_apps import LinkedApps
from dify_hex.application.app.publish_app import PublishAppCommand
from dify_hex.application.app.run_workflow import RunWorkflow, RunWorkflowCommand
from dify_hex.application.app.runnable_apps import RunnableApps, VersionChoice
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputs
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.idempotency import Claim, IdempotencyKey
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.linked_workflows import NoSecrets
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppIsArchived, AppNotAWorkflow, AppVersionNotFound
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.workflow.errors import RunInputsInvalid
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.app import TENANT, actor, chat
from tests.builders.engine import Engine
from tests.builders.flow import END, taking, workflow
from tests.fakes.memory_conversation import MemoryConversationWork, MessageShelf
from tests.fakes.scripted_nodes import ScriptedNodes
from tests.unit.application.app.conftest import AppHouse

NAME = {"variable": "name", "type": "text-input", "required": True}
SHAPE = {
    "variable": "shape",
    "type": "json_object",
    "json_schema": {"type": "object", "required": ["sides"]},
}
PHOTO = {"variable": "photo", "type": "file"}


@dataclass
class RunHouse(AppHouse):
    """Everything that running workflows takes; nodes put out the inputs."""

    shelf: MessageShelf = field(default_factory=MessageShelf)

    def __post_init__(self) -> None:
        self.nodes = ScriptedNodes()
        self.engine = Engine(nodes=self.nodes, runs=self.shelf.runs)
        self.runnable = RunnableApps(inspector=self.inspector, graphs=self.graphs)

    def begin(self, tenant_id: TenantId) -> MemoryConversationWork:
        return MemoryConversationWork(self.database, tenant_id, self.shelf)

    @property
    def run_workflow(self) -> RunWorkflow:
        return RunWorkflow(
            begin=self.begin,
            apps=self.runnable,
            inputs=FlowInputs(
                graphs=self.graphs,
                resolve_files=ResolveFileInputs(clock=self.clock),
                schemas=JsonSchemaValidator(),
            ),
            start_run=StartRun(
                owner=self.engine.host.owner,
                clock=self.clock,
                graphs=self.graphs,
                events=PydanticRunEventCodec(),
                nodes=self.nodes,
            ),
            host=self.engine.host,
        )

    async def running(self, configuration: WorkflowConfiguration | None = None) -> AppId:
        """A workflow that takes a name."""
        drawn = configuration or workflow(taking(NAME), END)
        app = await self.made(f"Flow {len(self.shelf.versions)}", drawn)
        await self.publish_app.execute(self.editor, PublishAppCommand(app_id=app.id))
        return app.id


def asking(app_id: AppId, **changes: Any) -> RunWorkflowCommand:
    command = RunWorkflowCommand(
        app_id=app_id,
        user=EndUserName("ann"),
        inputs={"name": "Ann"},
        response=Delivery.BLOCKING,
    )
    return replace(command, **changes)


@pytest.fixture
async def house() -> AsyncIterator[RunHouse]:
    house = RunHouse()
    yield house
    await house.engine.host.drain(seconds=0)


async def test_who_waits_is_told_the_result(house: RunHouse) -> None:
    app_id = await house.running()

    run = await house.run_workflow.execute(house.editor, asking(app_id))

    assert run.result is not None
    assert (run.result.status, run.result.outputs) == (RunStatus.SUCCEEDED, {"name": "Ann"})
    assert run.elapsed == timedelta(0)


async def test_a_stream_is_launched_and_a_background_run_left_to_a_worker(
    house: RunHouse,
) -> None:
    app_id = await house.running()

    streamed = await house.run_workflow.execute(
        house.editor, asking(app_id, response=Delivery.STREAM)
    )
    left = await house.run_workflow.execute(
        house.editor, asking(app_id, response=Delivery.BACKGROUND)
    )

    assert (streamed.result, left.result) == (None, None)
    assert [hosted.lease.run_id for hosted in house.engine.host.runs] == [streamed.run_id]


async def test_the_app_binds_its_runs(house: RunHouse) -> None:
    limits = FlowLimits(steps=1, resume_window_seconds=3)
    app_id = await house.running(workflow(taking(NAME), END, limits=limits))

    run = await house.run_workflow.execute(house.editor, asking(app_id))

    stored = house.shelf.runs.runs[run.run_id]
    assert run.result is not None
    assert run.result.error is not None
    assert run.result.error.code == "workflow_run_limit"
    assert stored.stored.resume_window == timedelta(seconds=3)
    assert json.loads(stored.rows[0].payload)["bounds"]["steps"] == 1


async def test_the_callers_window_goes_before_the_apps(house: RunHouse) -> None:
    limits = FlowLimits(resume_window_seconds=3)
    app_id = await house.running(workflow(taking(NAME), END, limits=limits))

    run = await house.run_workflow.execute(
        house.editor, asking(app_id, resume_window=timedelta(seconds=9))
    )

    stored = house.shelf.runs.runs[run.run_id].stored
    assert stored.resume_window == timedelta(seconds=9)


async def test_inputs_that_do_not_fit_are_all_told_and_nothing_is_stored(house: RunHouse) -> None:
    app_id = await house.running(workflow(taking(NAME, SHAPE, PHOTO), END))
    inputs = {"shape": {"color": "red"}, "photo": "nonsense", "size": 1}

    with pytest.raises(RunInputsInvalid) as refused:
        await house.run_workflow.execute(house.editor, asking(app_id, inputs=inputs))

    paths = {fault.path for fault in refused.value.faults}
    assert paths == {"inputs.name", "inputs.shape", "inputs.photo", "inputs.size"}
    assert house.shelf.runs.runs == {}


async def test_files_at_addresses_become_values_of_the_run(house: RunHouse) -> None:
    photos = {"variable": "photos", "type": "file-list"}
    app_id = await house.running(workflow(taking(PHOTO, photos), END))
    file = {
        "type": "image",
        "transfer_method": "remote_url",
        "url": "https://example.com/lamp.png",
    }

    run = await house.run_workflow.execute(
        house.editor, asking(app_id, inputs={"photo": file, "photos": [file]})
    )

    assert run.result is not None
    outputs: Any = run.result.outputs
    assert outputs["photo"]["$file"]["name"] == "lamp.png"
    assert outputs["photos"] == [outputs["photo"]]


async def test_the_requests_key_is_settled_with_the_run(house: RunHouse) -> None:
    app_id = await house.running()
    key = IdempotencyKey(
        tenant_id=TENANT, caller="ann", route="POST /", key="once", fingerprint=b""
    )
    claim = Claim(key=key, claimed_at=house.clock.now())
    command = asking(app_id, response=Delivery.STREAM, claim=claim)

    run = await house.run_workflow.execute(house.editor, command)

    assert house.shelf.claims[claim] == run.run_id


async def test_only_workflows_are_run(house: RunHouse) -> None:
    app = await house.made("Chat", chat())
    await house.publish_app.execute(house.editor, PublishAppCommand(app_id=app.id))

    with pytest.raises(AppNotAWorkflow):
        await house.run_workflow.execute(house.editor, asking(app.id))


async def test_the_draft_takes_the_right_to_edit(house: RunHouse) -> None:
    app = await house.made("Flow", workflow(taking(NAME), END))
    command = asking(app.id, version=VersionChoice.DRAFT)

    run = await house.run_workflow.execute(house.editor, command)
    with pytest.raises(PermissionDenied):
        await house.run_workflow.execute(actor(Permission.APP_RUN), command)

    assert run.result is not None
    assert run.result.status is RunStatus.SUCCEEDED


class TestLinking:
    """Workflows as others find them."""

    def linked(self, house: RunHouse) -> LinkedApps:
        return LinkedApps(
            begin=house.begin, apps=house.runnable, graphs=house.graphs, secrets=NoSecrets()
        )

    async def test_the_latest_version_and_one_by_its_number(self, house: RunHouse) -> None:
        app_id = await house.running()

        latest = await self.linked(house).find(TENANT, app_id, None)
        first = await self.linked(house).find(TENANT, app_id, 1)

        assert latest == first
        with pytest.raises(AppVersionNotFound):
            await self.linked(house).find(TENANT, app_id, 2)

    async def test_secrets_come_along_where_the_graph_declares_some(self, house: RunHouse) -> None:
        declared = [{"name": "TOKEN", "type": "secret"}]
        app_id = await house.running(workflow(taking(NAME), END, environment=declared))

        assert (await self.linked(house).find(TENANT, app_id, None)).secrets == {}

    async def test_what_is_no_workflow_or_out_of_use_is_refused(self, house: RunHouse) -> None:
        talked_to = await house.made("Chat", chat())
        await house.publish_app.execute(house.editor, PublishAppCommand(app_id=talked_to.id))
        archived = await house.running()
        async with house.begin(TENANT) as work:
            (await work.apps.get(archived)).archive(now=house.clock.now(), by=None)
            await work.commit()

        with pytest.raises(AppNotAWorkflow):
            await self.linked(house).find(TENANT, talked_to.id, None)
        with pytest.raises(AppIsArchived):
            await self.linked(house).find(TENANT, archived, None)
