"""Workflow apps whose runs are kept in memory, to be looked at and gone on from."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.app.configure_app import ConfigureApp, ConfigureAppCommand
from dify_hex.application.app.create_app import CreateApp, CreateAppCommand
from dify_hex.application.app.flow_inputs import FlowInputs
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.link_inspection import LinkInspector
from dify_hex.application.app.publish_app import PublishApp, PublishAppCommand
from dify_hex.application.app.run_workflow import BegunRun, RunWorkflow, RunWorkflowCommand
from dify_hex.application.app.runnable_apps import RunnableApps, VersionChoice
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputs
from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_surroundings import RunSurroundings
from dify_hex.application.workflow.linked_workflows import RunSecrets
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from tests.builders.app import MODEL, actor
from tests.builders.engine import Engine, StillClock
from tests.builders.flow import Json, taking, workflow
from tests.builders.node_services import services
from tests.fakes.known_models import built_in_models
from tests.fakes.memory_conversation import MemoryConversationWork, MessageShelf
from tests.fakes.memory_run_reader import MemoryRunReader, MemoryStoredGraphs
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.scripted_nodes import ScriptedNodes
from tests.fakes.scripted_outbound import ScriptedOutboundHttp
from tests.fakes.scripted_sandbox import ScriptedSandbox
from tests.fakes.searched_knowledge import SearchedKnowledge

NAME: Json = {"variable": "name", "type": "text-input"}


class WorkingNodes(ScriptedNodes):
    """Every node works for real, except that a model says which node asked it, and how often.

    Models of nodes in `broken` fail.
    """

    def __init__(self) -> None:
        super().__init__(self._says)
        self.http = ScriptedOutboundHttp()
        self.sandbox = ScriptedSandbox([{}])
        self._registry = NodeRegistry(services(http=self.http, sandbox=self.sandbox))
        self.broken: set[str] = set()
        #: The nodes whose models were called, in order.
        self.asked: list[str] = []

    def compute(self, config: NodeConfig, context: NodeContext) -> NodeOutcome:
        """The outcome of a pure node."""
        return self._registry.compute(config, context)

    def execute(self, config: NodeConfig, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The outputs of any other."""
        if isinstance(config, LlmConfig):
            return super().execute(config, context)
        return self._registry.execute(config, context)

    async def _says(self, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        self.asked.append(context.node_id)
        if context.node_id in self.broken:
            raise ConnectionError(context.node_id)
        said = f"{context.node_id} {self.asked.count(context.node_id)}"
        yield NodeOutcome(outputs={"text": said})


def model_node(node_id: str, prompt: str = "Speak.") -> Json:
    """A node that calls a model."""
    return {
        "id": node_id,
        "type": "llm",
        "config": {
            "model": {"provider": MODEL.provider, "model": MODEL.model},
            "prompt": [{"role": "user", "text": prompt}],
        },
    }


def ending(**outputs: str) -> Json:
    """An end that puts out values, which are given as `node.name`."""
    declared = [
        {"variable": name, "value_selector": selector.split(".")}
        for name, selector in outputs.items()
    ]
    return {"id": "end", "type": "end", "config": {"run_outputs": declared}}


#: A name comes in; two models speak one after the other.
TALK = workflow(
    taking(NAME),
    model_node("first"),
    model_node("second", "{{#first.text#}}"),
    ending(name="start.name", first="first.text", second="second.text"),
)


class KnownSecrets(RunSecrets):
    """The same secrets for every app."""

    def __init__(self) -> None:
        self.values: dict[str, JsonValue] = {}

    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        """The values by name, as they are now."""
        del tenant_id, app_id
        return dict(self.values)


@dataclass
class RecordedRuns:
    """Apps that are made, published and run, and the journals of their runs."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    shelf: MessageShelf = field(default_factory=MessageShelf)
    graphs: PydanticGraphCodec = field(default_factory=PydanticGraphCodec)
    events: PydanticRunEventCodec = field(default_factory=PydanticRunEventCodec)
    editor: Actor = field(default_factory=actor)
    nodes: WorkingNodes = field(default_factory=WorkingNodes)
    secrets: KnownSecrets = field(default_factory=KnownSecrets)

    def __post_init__(self) -> None:
        self.engine = Engine(nodes=self.nodes, runs=self.shelf.runs)
        self.clock: StillClock = self.engine.clock
        self.values = RunValues(MemoryBlobStorage())
        self.reader = MemoryRunReader(self.shelf.runs)
        self.inspector = ConfigurationInspector(
            templates=JinjaTemplates(),
            resolve_model=built_in_models(),
            graphs=self.graphs,
            links=LinkInspector(begin=self.begin, graphs=self.graphs),
            knowledge=KnowledgeInspector(SearchedKnowledge()),
        )
        self.apps = RunnableApps(inspector=self.inspector, graphs=self.graphs)
        self.inputs = FlowInputs(
            graphs=self.graphs,
            resolve_files=ResolveFileInputs(clock=self.clock),
            schemas=JsonSchemaValidator(),
        )
        stored_graphs = MemoryStoredGraphs(self.shelf.graphs)
        self.surroundings = RunSurroundings(self.graphs, stored_graphs, self.secrets)
        self.records = RunRecords(
            journal=self.shelf.runs,
            stored_runs=self.shelf.runs,
            stored_graphs=stored_graphs,
            graphs=self.graphs,
            events=self.events,
            values=self.values,
        )

    def begin(self, tenant_id: TenantId) -> MemoryConversationWork:
        return MemoryConversationWork(self.database, tenant_id, self.shelf)

    async def made(self, configuration: Configuration = TALK, name: str = "Talk") -> AppId:
        """An app with only a draft."""
        create = CreateApp(
            begin=self.begin, clock=self.clock, default_model=MODEL, graphs=self.graphs
        )
        command = CreateAppCommand(name=name, mode=configuration.mode, configuration=configuration)
        return (await create.execute(self.editor, command)).id

    async def published(self, configuration: Configuration = TALK) -> AppId:
        """An app with a version."""
        app_id = await self.made(configuration)
        await self.publish(app_id)
        return app_id

    async def publish(self, app_id: AppId) -> None:
        """Make a version of the draft."""
        publish = PublishApp(
            begin=self.begin, clock=self.clock, inspector=self.inspector, graphs=self.graphs
        )
        await publish.execute(self.editor, PublishAppCommand(app_id=app_id))

    async def redraw(self, app_id: AppId, configuration: Configuration) -> None:
        """Draw the draft anew, for the first time."""
        configure = ConfigureApp(begin=self.begin, clock=self.clock, inspector=self.inspector)
        command = ConfigureAppCommand(
            app_id=app_id, configuration=configuration, expected_draft_version=1
        )
        await configure.execute(self.editor, command)

    async def run(
        self,
        app_id: AppId,
        inputs: JsonObject | None = None,
        *,
        response: Delivery = Delivery.BLOCKING,
        version: VersionChoice = VersionChoice.PUBLISHED,
    ) -> BegunRun:
        """Run the app, by default to its end."""
        start = StartRun(
            owner=self.engine.host.owner,
            clock=self.clock,
            graphs=self.graphs,
            events=self.events,
            nodes=self.nodes,
            secrets=self.secrets,
        )
        run = RunWorkflow(
            begin=self.begin,
            apps=self.apps,
            inputs=self.inputs,
            start_run=start,
            host=self.engine.host,
        )
        command = RunWorkflowCommand(
            app_id=app_id,
            user=EndUserName("ann"),
            inputs={"name": "Ann"} if inputs is None else inputs,
            response=response,
            version=version,
        )
        return await run.execute(self.editor, command)

    def outputs(self, run: BegunRun) -> Any:
        """What a run that was waited for put out."""
        assert run.result is not None, "nobody waited"
        return run.result.outputs
