"""Use cases of conversations over memory, answered by a scripted model."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.app.branching import Branching
from dify_hex.application.app.create_app import CreateApp, CreateAppCommand
from dify_hex.application.app.flow_inputs import FlowInputs
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.link_inspection import LinkInspector
from dify_hex.application.app.publish_app import PublishApp, PublishAppCommand
from dify_hex.application.app.read_request import ReadRequest
from dify_hex.application.app.runnable_apps import RunnableApps
from dify_hex.application.conversation.answering_run import AnsweringRuns
from dify_hex.application.conversation.message_files import MessageFiles
from dify_hex.application.conversation.send_message import (
    SendMessage,
    SendMessageCommand,
    SentMessage,
)
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputs
from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.ids import AppId, ConversationId, TenantId
from dify_hex.domain.shared.values.json_value import JsonValue
from tests.builders.app import MODEL, actor, chat
from tests.builders.conversation import ANN
from tests.builders.engine import Engine
from tests.fakes.known_models import built_in_models
from tests.fakes.memory_conversation import MemoryConversationWork, MessageShelf
from tests.fakes.memory_run_reader import MemoryRunReader, MemoryStoredGraphs
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes
from tests.fakes.searched_knowledge import SearchedKnowledge


@dataclass
class ChatHouse:
    """Everything that sending messages takes; the model says hello unless told otherwise."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    shelf: MessageShelf = field(default_factory=MessageShelf)
    graphs: PydanticGraphCodec = field(default_factory=PydanticGraphCodec)
    nodes: ScriptedNodes = field(default_factory=ScriptedNodes)
    caller: Actor = field(default_factory=actor)
    capacity: int = 10

    def __post_init__(self) -> None:
        self.engine = Engine(nodes=self.nodes, runs=self.shelf.runs, capacity=self.capacity)
        self.clock = self.engine.clock
        self.inspector = ConfigurationInspector(
            templates=JinjaTemplates(),
            resolve_model=built_in_models(),
            graphs=self.graphs,
            links=LinkInspector(begin=self.begin, graphs=self.graphs),
            knowledge=KnowledgeInspector(SearchedKnowledge()),
        )
        self._apps = RunnableApps(inspector=self.inspector, graphs=self.graphs)

    def begin(self, tenant_id: TenantId) -> MemoryConversationWork:
        return MemoryConversationWork(self.database, tenant_id, self.shelf)

    @property
    def send_message(self) -> SendMessage:
        start_run = StartRun(
            owner=self.engine.host.owner,
            clock=self.clock,
            graphs=self.graphs,
            events=PydanticRunEventCodec(),
            nodes=self.nodes,
        )
        return SendMessage(
            begin=self.begin,
            clock=self.clock,
            apps=self._apps,
            read_request=ReadRequest(
                inputs=FlowInputs(
                    graphs=self.graphs,
                    resolve_files=ResolveFileInputs(clock=self.clock),
                    schemas=JsonSchemaValidator(),
                )
            ),
            start_run=start_run,
            host=self.engine.host,
            files=MessageFiles(resolve=ResolveFileInputs(clock=self.clock)),
            runs=AnsweringRuns(graphs=self.graphs, resume_window=timedelta(seconds=7)),
        )

    @property
    def stop_run(self) -> StopRun:
        return StopRun(
            control=self.shelf.runs,
            leases=self.shelf.runs,
            signals=self.engine.signals,
            host=self.engine.host,
        )

    @property
    def branching(self) -> Branching:
        events = PydanticRunEventCodec()
        values = RunValues(MemoryBlobStorage())
        return Branching(
            begin=self.begin,
            records=RunRecords(
                journal=self.shelf.runs,
                stored_runs=self.shelf.runs,
                stored_graphs=MemoryStoredGraphs(self.shelf.graphs),
                graphs=self.graphs,
                events=events,
                values=values,
            ),
            runs=MemoryRunReader(self.shelf.runs),
            graphs=self.graphs,
            events=events,
            host=self.engine.host,
            clock=self.clock,
            values=values,
        )

    async def app(self, configuration: Configuration | None = None) -> AppId:
        """A published app."""
        configuration = configuration or chat()
        create = CreateApp(
            begin=self.begin, clock=self.clock, default_model=MODEL, graphs=self.graphs
        )
        publish = PublishApp(
            begin=self.begin, clock=self.clock, inspector=self.inspector, graphs=self.graphs
        )
        app = await create.execute(
            self.caller,
            CreateAppCommand(
                name=f"App {len(self.shelf.versions)}",
                mode=configuration.mode,
                configuration=configuration,
            ),
        )
        await publish.execute(self.caller, PublishAppCommand(app_id=app.id))
        return app.id

    async def say(
        self,
        app_id: AppId,
        query: str = "Hello?",
        delivery: Delivery = Delivery.BLOCKING,
        *,
        to: ConversationId | None = None,
        files: Sequence[JsonValue] = (),
    ) -> SentMessage:
        """Send a message as Ann."""
        command = replace(saying(app_id, query, delivery), conversation_id=to, files=files)
        return await self.send_message.execute(self.caller, command)


def saying(
    app_id: AppId, query: str = "Hello?", delivery: Delivery = Delivery.BLOCKING
) -> SendMessageCommand:
    """What Ann says."""
    return SendMessageCommand(app_id=app_id, user=ANN, query=query, inputs={}, response=delivery)


@pytest.fixture
async def house() -> AsyncIterator[ChatHouse]:
    """A house whose model says hello."""
    house = ChatHouse()
    yield house
    await house.engine.host.drain(seconds=0)


@pytest.fixture
def dialogue() -> Dialogue:
    """The model's part, spoken by the test."""
    return Dialogue()


@pytest.fixture
async def slow_house(dialogue: Dialogue) -> AsyncIterator[ChatHouse]:
    """A house whose model says what the test makes it say; it carries one run at a time."""
    house = ChatHouse(nodes=ScriptedNodes(dialogue.script), capacity=1)
    yield house
    await house.engine.host.drain(seconds=0)
