"""What a caller of an app talks to."""

import pytest

from dify_hex.application.app import runnable_apps
from dify_hex.application.app.built_in_graph import built_in_graph
from dify_hex.application.app.runnable_apps import (
    RunnableApp,
    RunnableApps,
    VersionChoice,
    WantedVersion,
)
from dify_hex.application.app.set_app_status import SetAppStatus, SetAppStatusCommand
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppIsArchived,
    AppNotFound,
    AppNotPublished,
    AppVersionNameAmbiguous,
    AppVersionNameUnknown,
)
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.shared.ids import AppId
from tests.builders.app import TENANT, chat
from tests.unit.application.app.conftest import AppHouse


@pytest.fixture
def apps(house: AppHouse) -> RunnableApps:
    """What finds runnable apps."""
    return RunnableApps(inspector=house.inspector, graphs=house.graphs)


async def find(
    house: AppHouse,
    apps: RunnableApps,
    app_id: AppId,
    choice: WantedVersion = VersionChoice.PUBLISHED,
) -> RunnableApp:
    async with house.begin(TENANT) as work:
        return await apps.find(app_id, choice, work)


async def test_the_published_version_answers_not_the_draft(
    house: AppHouse, apps: RunnableApps
) -> None:
    app = await house.made()
    version = await house.published(app.id)
    await house.configured(app.id, chat("Be kind."), 1)

    found = await find(house, apps, app.id)

    assert (found.version_id, found.configuration) == (version.id, chat())
    assert found.graph.hash == version.graph_hash


async def test_a_version_is_loaded_once(house: AppHouse, apps: RunnableApps) -> None:
    app = await house.made()
    await house.published(app.id)

    assert await find(house, apps, app.id) is await find(house, apps, app.id)
    assert house.shelf.loaded == 1


async def test_a_new_version_answers_at_once(house: AppHouse, apps: RunnableApps) -> None:
    app = await house.made()
    await house.published(app.id)
    await find(house, apps, app.id)
    await house.configured(app.id, chat("Be kind."), 1)
    await house.published(app.id)

    assert (await find(house, apps, app.id)).configuration == chat("Be kind.")


async def test_only_so_many_versions_are_remembered(
    house: AppHouse, apps: RunnableApps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runnable_apps, "CACHED_VERSIONS", 1)
    one, two = await house.made("One"), await house.made("Two")
    await house.published(one.id)
    await house.published(two.id)

    for app in (one, two, one):
        await find(house, apps, app.id)

    assert house.shelf.loaded == 3


async def test_a_draft_is_run_as_it_is_now(house: AppHouse, apps: RunnableApps) -> None:
    app = await house.made(configuration=chat("Be kind."))

    found = await find(house, apps, app.id, VersionChoice.DRAFT)

    assert (found.version_id, found.configuration) == (None, chat("Be kind."))
    assert found.graph == house.graphs.document(built_in_graph(chat("Be kind.")))


async def test_a_draft_with_faults_is_not_run(house: AppHouse, apps: RunnableApps) -> None:
    app = await house.made(configuration=chat("{{ nobody }}"))

    with pytest.raises(AppConfigurationInvalid):
        await find(house, apps, app.id, VersionChoice.DRAFT)


async def test_an_app_that_is_not_published_has_nothing_to_run(
    house: AppHouse, apps: RunnableApps
) -> None:
    app = await house.made()

    with pytest.raises(AppNotPublished):
        await find(house, apps, app.id)


@pytest.mark.parametrize("choice", VersionChoice)
async def test_an_archived_app_runs_nothing(
    house: AppHouse, apps: RunnableApps, choice: VersionChoice
) -> None:
    app = await house.made()
    await house.published(app.id)
    await SetAppStatus(begin=house.begin, clock=house.clock).execute(
        house.editor, SetAppStatusCommand(app_id=app.id, status=AppStatus.ARCHIVED)
    )

    with pytest.raises(AppIsArchived):
        await find(house, apps, app.id, choice)


async def test_a_version_answers_to_its_number_and_to_a_name_of_its_own(
    house: AppHouse, apps: RunnableApps
) -> None:
    app = await house.made()
    first = await house.published(app.id, label="spring")
    await house.configured(app.id, chat("Be kind."), 1)
    second = await house.published(app.id, label="autumn")

    wanted: list[WantedVersion] = [1, "spring", 2, "autumn"]
    found = [(await find(house, apps, app.id, each)).version_id for each in wanted]

    assert found == [first.id, first.id, second.id, second.id]


async def test_a_name_that_none_or_several_have_is_refused(
    house: AppHouse, apps: RunnableApps
) -> None:
    app = await house.made()
    await house.published(app.id, label="spring")
    await house.configured(app.id, chat("Be kind."), 1)
    await house.published(app.id, label="spring")

    with pytest.raises(AppVersionNameUnknown):
        await find(house, apps, app.id, "autumn")
    with pytest.raises(AppVersionNameAmbiguous) as caught:
        await find(house, apps, app.id, "spring")

    assert caught.value.details == {"name": "spring", "numbers": [2, 1]}


async def test_an_app_nobody_made_does_not_exist(house: AppHouse, apps: RunnableApps) -> None:
    with pytest.raises(AppNotFound):
        await find(house, apps, AppId(new_id()))
