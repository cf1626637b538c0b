"""Use cases of model providers over memory."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dify_hex.adapters.security.envelope import EnvelopeSecretBox
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.change_model_provider import (
    ChangeModelProvider,
    ChangeModelProviderCommand,
)
from dify_hex.application.model_provider.create_model_provider import (
    CreateModelProvider,
    CreateModelProviderCommand,
)
from dify_hex.application.model_provider.delete_model_provider import DeleteModelProvider
from dify_hex.application.model_provider.list_models import ListModels
from dify_hex.application.model_provider.read_models import ModelProviderDetail
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.model_provider.tenant_addresses import TenantAddresses
from dify_hex.application.model_provider.verify_model_provider import (
    ProviderVerification,
    VerifyModelProvider,
    VerifyModelProviderCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.engine import StillClock
from tests.builders.model_provider import KEY, someone
from tests.fakes.memory_model_provider import MemoryModelProviderReader, MemoryModelProviderWork
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.scripted_models import ScriptedChatModel
from tests.fakes.scripted_providers import (
    GuardOfNames,
    ScriptedCatalogue,
    ScriptedEmbedder,
    ScriptedRerankModel,
)

BUILT_IN = BuiltInModels(
    base_url="http://127.0.0.1:1/v1",
    api_key=SecretText("built-in"),
    default_model="tiny",
    models=(Model(name="tiny", context_window=2048),),
    demonstration=True,
    open=False,
)


@dataclass
class ProviderHouse:
    """Everything that a use case of model providers takes, and the most frequent of them."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: StillClock = field(default_factory=StillClock)
    catalogue: ScriptedCatalogue = field(default_factory=lambda: ScriptedCatalogue("chat"))
    chat_model: ScriptedChatModel = field(default_factory=ScriptedChatModel)
    embedder: ScriptedEmbedder = field(default_factory=ScriptedEmbedder)
    reranker: ScriptedRerankModel = field(default_factory=ScriptedRerankModel)
    editor: Actor = field(default_factory=someone)
    private_allowed: bool = False
    built_in: BuiltInModels = BUILT_IN
    secrets: EnvelopeSecretBox = field(
        default_factory=lambda: EnvelopeSecretBox(Keyring((MasterKey("k" * 12, b"s" * 32),)))
    )

    def __post_init__(self) -> None:
        self.begin = self.database.begin_with(MemoryModelProviderWork)
        self.reader = MemoryModelProviderReader(self.database)

    @property
    def addresses(self) -> TenantAddresses:
        guard = GuardOfNames(*(() if self.private_allowed else ("intranet",)))
        return TenantAddresses(guard, private_allowed=self.private_allowed)

    @property
    def create(self) -> CreateModelProvider:
        return CreateModelProvider(
            begin=self.begin, clock=self.clock, secrets=self.secrets, addresses=self.addresses
        )

    @property
    def change(self) -> ChangeModelProvider:
        return ChangeModelProvider(
            begin=self.begin, clock=self.clock, secrets=self.secrets, addresses=self.addresses
        )

    @property
    def delete(self) -> DeleteModelProvider:
        return DeleteModelProvider(begin=self.begin, clock=self.clock)

    @property
    def verify(self) -> VerifyModelProvider:
        return VerifyModelProvider(
            begin=self.begin,
            clock=self.clock,
            secrets=self.secrets,
            catalogue=self.catalogue,
            chat_model=self.chat_model,
            embedder=self.embedder,
            reranker=self.reranker,
        )

    @property
    def list_models(self) -> ListModels:
        return ListModels(providers=self.reader, built_in=self.built_in)

    @property
    def resolve(self) -> ResolveModel:
        return ResolveModel(providers=self.reader, secrets=self.secrets, built_in=self.built_in)

    async def made(
        self, kind: str = "openai", *, api_key: str | None = KEY, **others: Any
    ) -> ModelProviderDetail:
        """A provider that was plugged in."""
        key = None if api_key is None else SecretText(api_key)
        command = CreateModelProviderCommand(kind=kind, api_key=key, **others)
        return await self.create.execute(self.editor, command)

    async def changed(self, provider_id: ModelProviderId, **what: Any) -> ModelProviderDetail:
        """A provider that was changed."""
        command = ChangeModelProviderCommand(provider_id=provider_id, **what)
        return await self.change.execute(self.editor, command)

    async def verified(self, provider_id: ModelProviderId) -> ProviderVerification:
        """A provider that was asked."""
        command = VerifyModelProviderCommand(provider_id=provider_id)
        return await self.verify.execute(self.editor, command)

    def only(self) -> ModelProvider:
        """The one provider that was committed."""
        (provider,) = self.database.all(ModelProvider)
        return provider


@pytest.fixture
def house() -> ProviderHouse:
    """An empty house."""
    return ProviderHouse()
