"""Use cases of apps over memory."""

from dataclasses import dataclass, field

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.application.app.configure_app import ConfigureApp, ConfigureAppCommand
from dify_hex.application.app.create_app import CreateApp, CreateAppCommand
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.link_inspection import LinkInspector
from dify_hex.application.app.publish_app import PublishApp, PublishAppCommand
from dify_hex.application.app.read_models import AppVersionView, AppView, DraftView
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.ids import AppId, TenantId
from tests.builders.app import MODEL, actor
from tests.builders.engine import StillClock
from tests.fakes.known_models import built_in_models
from tests.fakes.memory_app import AppShelf, MemoryAppWork
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.searched_knowledge import SearchedKnowledge


@dataclass
class AppHouse:
    """Everything that a use case of apps takes, and the most frequent of them."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    shelf: AppShelf = field(default_factory=AppShelf)
    clock: StillClock = field(default_factory=StillClock)
    graphs: PydanticGraphCodec = field(default_factory=PydanticGraphCodec)
    editor: Actor = field(default_factory=actor)
    knowledge: SearchedKnowledge = field(default_factory=SearchedKnowledge)

    def begin(self, tenant_id: TenantId) -> MemoryAppWork:
        return MemoryAppWork(self.database, tenant_id, self.shelf)

    @property
    def inspector(self) -> ConfigurationInspector:
        return ConfigurationInspector(
            templates=JinjaTemplates(),
            resolve_model=built_in_models(),
            graphs=self.graphs,
            links=self.links,
            knowledge=KnowledgeInspector(self.knowledge),
        )

    @property
    def links(self) -> LinkInspector:
        return LinkInspector(begin=self.begin, graphs=self.graphs)

    @property
    def create_app(self) -> CreateApp:
        return CreateApp(
            begin=self.begin, clock=self.clock, default_model=MODEL, graphs=self.graphs
        )

    @property
    def configure_app(self) -> ConfigureApp:
        return ConfigureApp(begin=self.begin, clock=self.clock, inspector=self.inspector)

    @property
    def publish_app(self) -> PublishApp:
        return PublishApp(
            begin=self.begin, clock=self.clock, inspector=self.inspector, graphs=self.graphs
        )

    async def made(
        self,
        name: str = "Support bot",
        configuration: Configuration | None = None,
        *,
        by: Actor | None = None,
    ) -> AppView:
        """An app that was made."""
        mode = AppMode.CHAT if configuration is None else configuration.mode
        command = CreateAppCommand(name=name, mode=mode, configuration=configuration)
        return await self.create_app.execute(by or self.editor, command)

    async def configured(
        self, app_id: AppId, configuration: Configuration, draft_version: int
    ) -> DraftView:
        """A draft that was edited."""
        command = ConfigureAppCommand(
            app_id=app_id, configuration=configuration, expected_draft_version=draft_version
        )
        return await self.configure_app.execute(self.editor, command)

    async def published(self, app_id: AppId, label: str = "") -> AppVersionView:
        """A version that was published."""
        command = PublishAppCommand(app_id=app_id, label=label)
        return await self.publish_app.execute(self.editor, command)


@pytest.fixture
def house() -> AppHouse:
    """An empty house."""
    return AppHouse()
