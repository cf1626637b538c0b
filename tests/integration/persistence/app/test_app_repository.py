"""Apps and versions survive the database whole, and its constraints speak the domain's words."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
    HistoryWindow,
)
from dify_hex.domain.app.errors import (
    AppNameTaken,
    AppNotFound,
    AppSlugTaken,
    AppVersionNotFound,
)
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits, Limits
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters
from dify_hex.domain.shared.values.prompt_template import PromptTemplate
from tests.builders.app import EDITOR, LATER, chat, new_app, published
from tests.integration.persistence.app.conftest import Begin

MODEL = ModelConfig(
    provider="p",
    model="m",
    parameters=ModelParameters(
        temperature=0.5,
        top_p=1.0,
        max_tokens=5,
        presence_penalty=-1.5,
        frequency_penalty=2.0,
        seed=7,
        stop=("END", "完"),
    ),
)
PROMPT = PromptTemplate(
    text="{{ tone }} {{ n }}",
    variables=(
        InputVariable(
            name="tone",
            type=VariableType.SELECT,
            label="语气",
            required=False,
            default="kind",
            options=("kind", "dry"),
            hidden=True,
        ),
        InputVariable(name="n", type=VariableType.NUMBER, default=3),
        InputVariable(name="x", type=VariableType.NUMBER, default=2.5),
        InputVariable(name="b", type=VariableType.CHECKBOX, default=True),
        InputVariable(name="p", type=VariableType.PARAGRAPH, max_length=99),
    ),
)
LIMITS = Limits(max_query_length=10, first_token_timeout_seconds=1.5, token_timeout_seconds=2.5)
FULL_CHAT = ChatConfiguration(
    model=MODEL,
    prompt=PROMPT,
    opening_statement="Hello 👋",
    suggested_questions=("Why?", "How?"),
    history=HistoryWindow(max_turns=3, max_tokens=400),
    limits=LIMITS,
)
FULL_COMPLETION = CompletionConfiguration(model=MODEL, prompt=PROMPT, limits=LIMITS)
GRAPH = GraphDocument('{"edges":[],"nodes":[{"id":"\\u0000","title":"机器人"}]}')
FLOW_LIMITS = FlowLimits(
    max_query_length=9, steps=1, seconds=2.5, tokens=3, resume_window_seconds=0.5
)
FULL_CHATFLOW = ChatflowConfiguration(
    graph=GRAPH,
    opening_statement="Hello!",
    suggested_questions=("Why?",),
    limits=FLOW_LIMITS,
    durability=Durability.RELAXED,
)
FULL_WORKFLOW = WorkflowConfiguration(graph=GRAPH, limits=FLOW_LIMITS, durability=Durability.NONE)
FULL = [FULL_CHAT, FULL_COMPLETION, FULL_CHATFLOW, FULL_WORKFLOW]


async def keep(begin: Begin, app: App) -> App:
    async with begin(app.tenant_id) as work:
        work.apps.add(app)
        await work.commit()
    return app


async def load(begin: Begin, app: App) -> App:
    async with begin(app.tenant_id) as work:
        return await work.apps.get(app.id)


@pytest.mark.parametrize("configuration", FULL, ids=lambda full: full.mode)
async def test_an_app_comes_back_as_it_went(
    begin: Begin, tenant_id: TenantId, configuration: Configuration
) -> None:
    app = new_app("Ünïcode 机器人", configuration, tenant_id=tenant_id)
    app.describe(description="Sells.", icon="🤖", now=LATER, by=EDITOR)
    published(app)
    app.archive(now=LATER, by=EDITOR)

    loaded = await load(begin, await keep(begin, app))

    assert (loaded.id, loaded.tenant_id, loaded.mode) == (app.id, tenant_id, app.mode)
    assert loaded.state == app.state
    assert (loaded.version, loaded.stored_version) == (1, 1)
    assert loaded.pull_events() == ()


@pytest.mark.parametrize("configuration", FULL, ids=lambda full: full.mode)
async def test_a_version_comes_back_as_it_went_with_its_graph(
    begin: Begin, tenant_id: TenantId, configuration: Configuration
) -> None:
    app = new_app("A", configuration, tenant_id=tenant_id)
    document = GraphDocument('{"nodes":[]}')
    version = replace(published(app), graph_hash=document.hash)
    async with begin(tenant_id) as work:
        work.apps.add(app)
        work.app_versions.add(version)
        await work.graph_documents.add(document)
        await work.commit()

    async with begin(tenant_id) as work:
        loaded = await work.app_versions.get(app.id, 1)
        assert loaded == version
        assert await work.app_versions.graph_of(loaded) == document
        with pytest.raises(AppVersionNotFound):
            await work.app_versions.get(app.id, 2)


async def test_changes_are_written_back(begin: Begin, tenant_id: TenantId) -> None:
    app = await keep(begin, new_app(tenant_id=tenant_id))
    async with begin(tenant_id) as work:
        loaded = await work.apps.get(app.id)
        loaded.configure(FULL_CHAT, expected_draft_version=1, now=LATER, by=EDITOR)
        loaded.describe(name="Other", now=LATER, by=EDITOR)
        await work.commit()

    again = await load(begin, app)

    assert again.state == loaded.state
    assert again.version == 2


async def test_of_two_who_change_at_once_one_is_told(begin: Begin, tenant_id: TenantId) -> None:
    app = await keep(begin, new_app(tenant_id=tenant_id))

    async with begin(tenant_id) as slow, begin(tenant_id) as quick:
        mine, theirs = await slow.apps.get(app.id), await quick.apps.get(app.id)
        theirs.describe(name="Theirs", now=LATER, by=EDITOR)
        await quick.commit()
        mine.describe(name="Mine", now=LATER, by=EDITOR)
        with pytest.raises(StaleVersion):
            await slow.commit()


async def test_a_name_is_used_once_whatever_its_case(begin: Begin, tenant_id: TenantId) -> None:
    await keep(begin, new_app("Straße", tenant_id=tenant_id))

    with pytest.raises(AppNameTaken):
        await keep(begin, new_app("STRASSE", tenant_id=tenant_id))
    await keep(begin, new_app("Straße", tenant_id=TenantId(new_id())))


async def test_a_slug_is_used_once(begin: Begin, tenant_id: TenantId) -> None:
    first = await keep(begin, new_app("One", tenant_id=tenant_id))
    second = new_app("Two", tenant_id=tenant_id)
    second.describe(slug=first.state.profile.slug, now=LATER, by=EDITOR)

    with pytest.raises(AppSlugTaken):
        await keep(begin, second)


async def test_a_deleted_app_is_gone_and_leaves_its_name(begin: Begin, tenant_id: TenantId) -> None:
    app = await keep(begin, new_app("Again", tenant_id=tenant_id))
    async with begin(tenant_id) as work:
        (await work.apps.get(app.id)).delete(now=LATER, by=EDITOR)
        await work.commit()

    with pytest.raises(AppNotFound):
        await load(begin, app)
    async with begin(tenant_id) as work:
        with pytest.raises(AppNotFound):
            await work.apps.standing(app.id)
    await keep(begin, new_app("Again", tenant_id=tenant_id))


async def test_standing_tells_what_a_message_needs(begin: Begin, tenant_id: TenantId) -> None:
    app = new_app(tenant_id=tenant_id)
    version = published(app)
    await keep(begin, app)

    async with begin(tenant_id) as work:
        standing = await work.apps.standing(app.id)

    assert (standing.status, standing.published) == (AppStatus.ACTIVE, app.state.published)
    assert standing.runnable().version_id == version.id


async def test_an_app_of_another_tenant_is_not_there(begin: Begin, tenant_id: TenantId) -> None:
    app = await keep(begin, new_app(tenant_id=tenant_id))

    async with begin(TenantId(new_id())) as work:
        with pytest.raises(AppNotFound):
            await work.apps.get(app.id)
        with pytest.raises(AppNotFound):
            await work.apps.standing(AppId(app.id))


async def test_two_versions_of_one_number_cannot_be(begin: Begin, tenant_id: TenantId) -> None:
    app = new_app(tenant_id=tenant_id)
    version = published(app)
    await keep(begin, app)

    async def add(another: AppVersion) -> None:
        async with begin(tenant_id) as work:
            work.app_versions.add(another)
            await work.commit()

    await add(version)
    with pytest.raises(StaleVersion):
        await add(replace(version, id=AppVersionId(new_id()), configuration=chat()))
