"""Model providers survive the database whole, and are shown without their credentials."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.model_provider.reader import SqlModelProviderReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.model_provider.errors import ModelProviderNameTaken, ModelProviderNotFound
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.model_provider.kinds import kind_named
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection, SealedCredential
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.paging import PageRequest, SortField

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
EDITOR = UUID(int=5)
CREDENTIAL = SealedCredential(blob=b"\x00sealed\xff", hint="sk-a…wxyz")
MODELS = (
    Model(name="text-embedding-3-small", type=ModelType.EMBEDDING, context_window=8191),
    Model(
        name="gpt-4o",
        context_window=128_000,
        max_output=16_384,
        features=frozenset({ModelFeature.VISION}),
    ),
)

Begin = Callable[[TenantId], SqlUnitOfWork]


@pytest.fixture
def begin(engine: AsyncEngine) -> Begin:
    return lambda tenant_id: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
def reader(engine: AsyncEngine) -> SqlModelProviderReader:
    return SqlModelProviderReader(tenant_reads(engine))


def new_provider(
    tenant_id: TenantId,
    name: str = "openai",
    *,
    kind: str = "openai",
    connection: Connection = Connection(  # noqa: B008 - a frozen value
        base_url="https://models.example/v1", credential=CREDENTIAL
    ),
    age: timedelta = timedelta(),
) -> ModelProvider:
    return ModelProvider.create(
        id=ModelProviderId(new_id()),
        tenant_id=tenant_id,
        kind=kind_named(kind),
        name=name,
        connection=connection,
        models=MODELS,
        now=NOW - age,
        by=EDITOR,
    )


async def store(begin: Begin, provider: ModelProvider) -> ModelProvider:
    async with begin(provider.tenant_id) as work:
        work.model_providers.add(provider)
        await work.commit()
    return provider


class TestRepository:
    @pytest.mark.parametrize(
        ("kind", "connection"),
        [
            ("openai", Connection(credential=CREDENTIAL)),
            ("openai_compatible", Connection(base_url="http://10.0.0.1:8000/v1")),
            ("ollama", Connection()),
        ],
    )
    async def test_a_provider_comes_back_as_it_went(
        self, begin: Begin, tenant_id: TenantId, kind: str, connection: Connection
    ) -> None:
        stored = await store(begin, new_provider(tenant_id, kind=kind, connection=connection))
        async with begin(tenant_id) as work:
            loaded = await work.model_providers.get(stored.id)
        assert (loaded.id, loaded.tenant_id, loaded.kind) == (stored.id, tenant_id, stored.kind)
        assert (loaded.state, loaded.version) == (stored.state, 1)

    async def test_a_change_is_stored_with_the_next_version(
        self, begin: Begin, tenant_id: TenantId
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        later = NOW + timedelta(minutes=1)
        async with begin(tenant_id) as work:
            loaded = await work.model_providers.get(provider.id)
            loaded.rename("other", now=later, by=None)
            loaded.offer(MODELS[:1], now=later, by=None)
            loaded.disable(now=later, by=None)
            await work.commit()
        async with begin(tenant_id) as work:
            again = await work.model_providers.get(provider.id)
        assert (again.state, again.version) == (loaded.state, 2)

    async def test_a_removed_provider_is_gone_and_its_name_free(
        self, begin: Begin, tenant_id: TenantId
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        async with begin(tenant_id) as work:
            loaded = await work.model_providers.get(provider.id)
            loaded.delete(now=NOW)
            await work.model_providers.remove(loaded)
            await work.commit()
        async with begin(tenant_id) as work:
            with pytest.raises(ModelProviderNotFound):
                await work.model_providers.get(provider.id)
        await store(begin, new_provider(tenant_id))

    async def test_a_name_is_taken_in_its_own_tenant_only(
        self, begin: Begin, tenant_id: TenantId, other_tenant_id: TenantId
    ) -> None:
        await store(begin, new_provider(tenant_id))
        await store(begin, new_provider(other_tenant_id))
        with pytest.raises(ModelProviderNameTaken):
            await store(begin, new_provider(tenant_id))

    async def test_another_tenants_provider_does_not_exist(
        self, begin: Begin, tenant_id: TenantId, other_tenant_id: TenantId
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        async with begin(other_tenant_id) as work:
            with pytest.raises(ModelProviderNotFound):
                await work.model_providers.get(provider.id)

    async def test_the_second_of_two_writers_is_stale(
        self, begin: Begin, tenant_id: TenantId
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        async with begin(tenant_id) as slow:
            loaded = await slow.model_providers.get(provider.id)
            async with begin(tenant_id) as quick:
                (await quick.model_providers.get(provider.id)).disable(now=NOW, by=None)
                await quick.commit()
            loaded.rename("slow", now=NOW, by=None)
            with pytest.raises(StaleVersion):
                await slow.commit()


class TestReader:
    async def test_a_list_shows_everything_but_the_credential(
        self, begin: Begin, reader: SqlModelProviderReader, tenant_id: TenantId
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        page = await reader.list_providers(tenant_id, PageRequest())
        (shown,) = page.items
        assert page.total == 1
        assert shown == await reader.get_provider(tenant_id, provider.id)
        assert (shown.name, shown.kind, shown.base_url, shown.credential_hint) == (
            "openai",
            "openai",
            "https://models.example/v1",
            CREDENTIAL.hint,
        )
        assert (shown.models, shown.enabled, shown.version) == (provider.state.models, True, 1)
        assert "sealed" not in repr(shown)

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            (SortField(name="created_at", descending=True), ["b", "c", "a"]),
            (SortField(name="created_at"), ["a", "c", "b"]),
            (SortField(name="name"), ["a", "b", "c"]),
            (SortField(name="name", descending=True), ["c", "b", "a"]),
        ],
    )
    async def test_a_list_comes_in_the_order_that_was_asked_for(
        self,
        begin: Begin,
        reader: SqlModelProviderReader,
        tenant_id: TenantId,
        sort: SortField,
        expected: list[str],
    ) -> None:
        for name, minutes in (("b", 1), ("a", 3), ("c", 2)):
            age = timedelta(minutes=minutes)
            await store(begin, new_provider(tenant_id, name, age=age))
        page = await reader.list_providers(tenant_id, PageRequest(limit=2, sort=(sort,)))
        rest = await reader.list_providers(tenant_id, PageRequest(page=2, limit=2, sort=(sort,)))
        assert [item.name for item in (*page.items, *rest.items)] == expected
        assert page.total == rest.total == 3

    async def test_a_part_of_the_name_finds_it_in_either_case(
        self, begin: Begin, reader: SqlModelProviderReader, tenant_id: TenantId
    ) -> None:
        for name in ("my-openai", "groq"):
            await store(begin, new_provider(tenant_id, name))
        page = await reader.list_providers(tenant_id, PageRequest(), q="OpenAI")
        assert ([item.name for item in page.items], page.total) == (["my-openai"], 1)

    async def test_a_call_gets_what_it_needs_by_the_providers_name(
        self,
        begin: Begin,
        reader: SqlModelProviderReader,
        tenant_id: TenantId,
        other_tenant_id: TenantId,
    ) -> None:
        provider = await store(begin, new_provider(tenant_id))
        found = await reader.find_callable(tenant_id, "openai")
        assert found is not None
        assert (found.id, found.kind, found.connection) == (
            provider.id,
            "openai",
            provider.state.connection,
        )
        assert await reader.find_callable(other_tenant_id, "openai") is None
        with pytest.raises(ModelProviderNotFound):
            await reader.get_provider(tenant_id, ModelProviderId(uuid4()))

    async def test_only_models_of_enabled_providers_are_usable(
        self, begin: Begin, reader: SqlModelProviderReader, tenant_id: TenantId
    ) -> None:
        disabled = new_provider(tenant_id, "off")
        disabled.disable(now=NOW, by=None)
        for provider in (disabled, new_provider(tenant_id, "b"), new_provider(tenant_id, "a")):
            await store(begin, provider)
        usable = await reader.list_usable_models(tenant_id)
        embedding = await reader.list_usable_models(tenant_id, type=ModelType.EMBEDDING)
        names = [(model.provider, model.name) for model in usable]
        assert names == [
            (provider, model)
            for provider in ("a", "b")
            for model in ("gpt-4o", "text-embedding-3-small")
        ]
        assert [(model.provider, model.context_window) for model in embedding] == [
            ("a", 8191),
            ("b", 8191),
        ]
