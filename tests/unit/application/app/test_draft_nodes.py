"""Single nodes of a draft, run by themselves; and what they have put out last."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pytest

from dify_hex.application.app.draft_values import (
    DraftValue,
    DraftValues,
    ForgetDraftValues,
    ShowDraftValues,
)
from dify_hex.application.app.node_trials import NodeTrials, TrialCommand
from dify_hex.application.app.run_draft_node import NodeRunResult, RunDraftNode
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.linked_workflows import RunSecrets
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppHasNoGraph,
    AppNotFound,
    DraftNodeNotFound,
)
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.shared.ids import AppId, EndUserName, NodeId, TenantId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import NodeValuesInvalid, RunInputsInvalid
from dify_hex.domain.workflow.node_run import Printed
from dify_hex.domain.workflow.node_values import ValueOrigin
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.masking import MASK
from tests.builders.app import actor, chat, new_app
from tests.builders.engine import KeptFaults
from tests.builders.flow import END, Json, chatflow, taking, workflow
from tests.builders.recorded_runs import NAME, RecordedRuns, ending, model_node
from tests.fakes.memory_conversation import MemoryConversationWork
from tests.fakes.scripted_outbound import an_answer
from tests.fakes.scripted_sandbox import a_result

GREETING: Json = {
    "id": "greeting",
    "type": "template-transform",
    "config": {
        "template": "Hello {{ who }}!",
        "variables": [{"variable": "who", "value_selector": ["start", "name"]}],
    },
}
CALL: Json = {
    "id": "call",
    "type": "http-request",
    "config": {"url": "http://a.example/", "headers": "x-key: {{#env.TOKEN#}}"},
}
DECLARED = [{"name": "TOKEN", "type": "secret"}]
TOKEN: Json = {"variable": "token", "value_selector": ["env", "TOKEN"]}
WRITTEN: Json = {"code_language": "python3", "code": "…", "returns": {"n": {"type": "number"}}}
CODE: Json = {"id": "tally", "type": "code", "config": {**WRITTEN, "variables": [TOKEN]}}
DEFAULTS: Json = {
    "text": "Never mind.",
    "reasoning_content": "",
    "finish_reason": "",
    "usage": {},
}
DRAFT = workflow(taking(NAME), GREETING, model_node("spoken"), ending(said="spoken.text"))


class KeptDraftValues(DraftValues):
    """What was kept, by app and node."""

    def __init__(self) -> None:
        self.kept: dict[tuple[AppId, NodeId], DraftValue] = {}

    async def latest(self, app_id: AppId) -> Sequence[DraftValue]:
        return [value for (of, _), value in self.kept.items() if of == app_id]

    async def keep(self, app_id: AppId, value: DraftValue) -> None:
        self.kept[app_id, value.node_id] = value

    async def forget(self, app_id: AppId, at: datetime) -> None:
        for key, value in list(self.kept.items()):
            if key[0] == app_id and value.at <= at:
                del self.kept[key]


class DraftWork(MemoryConversationWork):
    """A transaction over drafts and their values."""

    def __init__(self, house: "House", tenant_id: TenantId) -> None:
        super().__init__(house.database, tenant_id, house.shelf)
        self._house = house

    @cached_property
    def draft_values(self) -> KeptDraftValues:
        return self._house.kept


class OneSecret(RunSecrets):
    """Every app has a token."""

    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        del tenant_id, app_id
        return {"TOKEN": "s3cret-token"}


@dataclass
class House(RecordedRuns):
    """Drafts whose nodes are tried."""

    kept: KeptDraftValues = field(default_factory=KeptDraftValues)

    def begin(self, tenant_id: TenantId) -> DraftWork:
        return DraftWork(self, tenant_id)

    @property
    def run_draft_node(self) -> RunDraftNode:
        return RunDraftNode(
            begin=self.begin,
            trials=NodeTrials(
                graphs=self.graphs, inputs=self.inputs, secrets=OneSecret(), clock=self.clock
            ),
            runs=DetachedRuns(
                nodes=self.nodes,
                codec=self.events,
                clock=self.clock,
                faults=KeptFaults(),
                limits=RunLimits(),
            ),
            events=self.events,
            host=self.engine.host,
        )

    @property
    def show(self) -> ShowDraftValues:
        return ShowDraftValues(begin=self.begin)

    @property
    def forget(self) -> ForgetDraftValues:
        return ForgetDraftValues(begin=self.begin, clock=self.clock)

    async def tried(self, app_id: AppId, node_id: str = "greeting", **more: Any) -> NodeRunResult:
        command = TrialCommand(app_id=app_id, node_id=NodeId(node_id), user=EndUserName("ann"))
        return await self.run_draft_node.execute(self.editor, replace(command, **more))

    async def faults(self, configuration: Configuration, node_id: str) -> set[str]:
        app_id = await self.made(configuration)
        with pytest.raises(AppConfigurationInvalid) as refusal:
            await self.tried(app_id, node_id)
        return {fault.code for fault in refusal.value.faults}


def with_child(outer: WorkflowConfiguration, child: Json) -> WorkflowConfiguration:
    graph = json.loads(outer.graph.json)
    graph["nodes"].append(child)
    return replace(outer, graph=GraphDocument(json.dumps(graph)))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.engine.host.drain(seconds=0)


async def test_a_node_runs_with_the_values_that_are_given(house: House) -> None:
    app_id = await house.made(DRAFT)

    result = await house.tried(app_id, values={"start.name": "Bo"})

    assert (result.status, result.outputs) == (RunStatus.SUCCEEDED, {"output": "Hello Bo!"})
    assert [(str(used.selector), used.origin) for used in result.values] == [
        ("start.name", ValueOrigin.GIVEN)
    ]
    assert house.shelf.runs.runs == {}
    assert len(house.engine.host.runs) == 0


async def test_what_a_node_needs_and_nobody_knows_is_told(house: House) -> None:
    app_id = await house.made(DRAFT)

    with pytest.raises(NodeValuesInvalid) as refusal:
        await house.tried(app_id)

    assert [(fault.code, fault.path) for fault in refusal.value.faults] == [
        ("value_missing", "values.start.name")
    ]


async def test_what_was_put_out_last_serves_the_nodes_after_it(house: House) -> None:
    app_id = await house.made(DRAFT)
    started = await house.tried(app_id, "start", inputs={"name": "Cy"})

    greeted = await house.tried(app_id)

    assert started.outputs == {"name": "Cy"}
    assert greeted.outputs == {"output": "Hello Cy!"}
    assert {used.origin for used in greeted.values} == {ValueOrigin.REMEMBERED}
    shown = await house.show.execute(house.editor, app_id)
    assert [(value.node_id, value.outputs) for value in shown] == [
        ("start", {"name": "Cy"}),
        ("greeting", {"output": "Hello Cy!"}),
    ]


async def test_inputs_go_before_what_the_start_has_put_out(house: House) -> None:
    app_id = await house.made(DRAFT)
    await house.tried(app_id, "start", inputs={"name": "Cy"})

    greeted = await house.tried(app_id, inputs={"name": "Di"})

    assert greeted.outputs == {"output": "Hello Di!"}
    with pytest.raises(RunInputsInvalid):
        await house.tried(app_id, inputs={"size": 1})


async def test_what_is_forgotten_serves_nobody(house: House) -> None:
    app_id = await house.made(DRAFT)
    await house.tried(app_id, "start", inputs={"name": "Cy"})

    await house.forget.execute(house.editor, app_id)

    assert await house.show.execute(house.editor, app_id) == []
    with pytest.raises(NodeValuesInvalid):
        await house.tried(app_id)


async def test_a_node_that_fails_is_a_result_and_leaves_what_was_remembered(house: House) -> None:
    app_id = await house.made(DRAFT)
    await house.tried(app_id, "spoken")
    house.nodes.broken = {"spoken"}

    failed = await house.tried(app_id, "spoken")

    assert (failed.status, failed.outputs) == (RunStatus.FAILED, {})
    assert failed.error is not None
    assert house.kept.kept[app_id, NodeId("spoken")].outputs == {"text": "spoken 1"}


async def test_a_failure_that_was_provided_for_counts_as_what_was_put_out(house: House) -> None:
    careful = {
        **model_node("spoken"),
        "policy": {"on_error": "default-value", "default_outputs": DEFAULTS},
    }
    app_id = await house.made(workflow(taking(NAME), careful, END))
    house.nodes.broken = {"spoken"}

    result = await house.tried(app_id, "spoken")

    assert result.outputs["text"] == "Never mind."
    assert result.error is not None
    assert house.kept.kept[app_id, NodeId("spoken")].outputs == result.outputs


async def test_a_container_runs_with_everything_inside_of_it(house: House) -> None:
    each: Json = {
        "id": "each",
        "type": "iteration",
        "config": {
            "iterator_selector": ["start", "names", "all"],
            "iterator_input_type": "array[any]",
            "output_selector": ["inner", "output"],
        },
    }
    inner = {**GREETING, "id": "inner", "parent": "each"}
    inner["config"] = {
        "template": "{{ who }}.",
        "variables": [{"variable": "who", "value_selector": ["each", "item"]}],
    }
    names: Json = {"variable": "names", "type": "json_object"}
    app_id = await house.made(with_child(workflow(taking(names), each, END), inner))

    result = await house.tried(app_id, "each", values={"start.names": {"all": ["Al", "Bo"]}})

    assert result.outputs["output"] == ["Al.", "Bo."]


async def test_secrets_are_used_and_masked_in_all_that_is_shown(house: House) -> None:
    app_id = await house.made(workflow(taking(NAME), CALL, END, environment=DECLARED))
    house.nodes.http.answers = [an_answer(b"Your key is s3cret-token.")]

    result = await house.tried(app_id, "call")

    (asked,) = house.nodes.http.asked
    assert [(name, value.reveal()) for name, value in asked.secret_headers] == [
        ("x-key", "s3cret-token")
    ]
    assert result.outputs["body"] == f"Your key is {MASK}."
    assert [(used.value, used.secret) for used in result.values] == [(MASK, True)]
    assert house.kept.kept[app_id, NodeId("call")].outputs == result.outputs


async def test_what_code_prints_is_shown_without_its_secrets(house: House) -> None:
    app_id = await house.made(workflow(taking(NAME), CODE, END, environment=DECLARED))
    house.nodes.sandbox.answers = [a_result({"n": 1}, "s3cret-token!", "careful")]

    assert (await house.tried(app_id, "tally")).printed == Printed(f"{MASK}!", "careful")


async def test_the_query_of_a_chat_can_be_given(house: House) -> None:
    app_id = await house.made(chatflow("You said {{#sys.query#}}"))

    result = await house.tried(app_id, "answer", values={"sys.query": "Hm?"})

    assert result.outputs["answer"] == "You said Hm?"


async def test_only_faults_of_the_node_itself_keep_it_from_running(house: House) -> None:
    wrong = {**GREETING, "id": "wrong", "config": {"template": "{{ broken", "variables": []}}
    app_id = await house.made(workflow(taking(NAME), GREETING, wrong, END))

    assert (await house.tried(app_id, values={"start.name": "Bo"})).outputs
    with pytest.raises(AppConfigurationInvalid):
        await house.tried(app_id, "wrong")


async def test_a_loop_end_does_nothing_by_itself(house: House) -> None:
    stray: Json = {"id": "done", "type": "loop-end", "config": {}}

    assert await house.faults(workflow(taking(NAME), stray, END), "done") == {"loop_end_outside"}


async def test_there_has_to_be_such_a_node_in_a_drawn_graph_of_an_app(house: House) -> None:
    with pytest.raises(AppNotFound):
        await house.tried(new_app().id)
    with pytest.raises(DraftNodeNotFound):
        await house.tried(await house.made(DRAFT), "nobody")
    with pytest.raises(AppHasNoGraph):
        await house.tried(await house.made(chat(), "Chat"))


async def test_drafts_are_for_those_who_may_edit_them(house: House) -> None:
    app_id = await house.made(DRAFT)
    house.editor = actor(Permission.APP_RUN, Permission.APP_READ)

    with pytest.raises(PermissionDenied):
        await house.tried(app_id)
    with pytest.raises(PermissionDenied):
        await house.show.execute(house.editor, app_id)
    with pytest.raises(PermissionDenied):
        await house.forget.execute(house.editor, app_id)
