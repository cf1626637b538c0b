"""Lists of apps and versions, straight from SQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.adapters.persistence.app.reader import SqlAppReader, SqlAppVersionReader
from dify_hex.application.app.ports import AppFilter
from dify_hex.application.app.read_models import AppVersionView, AppView
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.app.app import App
from dify_hex.domain.app.errors import AppNotFound, AppVersionNotFound
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.paging import PageRequest, SortField
from tests.builders.app import EDITOR, LATER, chat, completion, new_app, published
from tests.integration.persistence.app.conftest import Begin

NEWEST = (SortField(name="created_at", descending=True),)
EVERYTHING = AppFilter()


async def keep(begin: Begin, *apps: App) -> None:
    async with begin(apps[0].tenant_id) as work:
        for app in apps:
            work.apps.add(app)
        await work.commit()


@pytest.fixture
async def three(begin: Begin, tenant_id: TenantId) -> list[App]:
    """A chat app, an archived one and a completion app, a minute between them."""
    made = [
        new_app("Support bot", tenant_id=tenant_id),
        new_app("sales BOT", tenant_id=tenant_id),
        new_app("100% writer", completion(), tenant_id=tenant_id),
    ]
    made[1].archive(now=LATER, by=EDITOR)
    for minute, app in enumerate(made):
        app._state = replace(app.state, created_at=app.state.created_at + timedelta(minutes=minute))
    await keep(begin, *made)
    return made


async def names(
    apps: SqlAppReader,
    tenant_id: TenantId,
    wanted: AppFilter = EVERYTHING,
    sort: tuple[SortField, ...] = NEWEST,
) -> list[str]:
    page = await apps.list_apps(tenant_id, PageRequest(sort=sort), wanted)
    assert page.total == len(page.items)
    return [app.name for app in page.items]


async def test_a_view_tells_everything_but_the_configuration(
    begin: Begin, apps: SqlAppReader, tenant_id: TenantId
) -> None:
    app = new_app(tenant_id=tenant_id)
    published(app)
    await keep(begin, app)

    listed = await apps.list_apps(tenant_id, PageRequest(sort=NEWEST), EVERYTHING)

    assert list(listed.items) == [AppView.of(app)]
    assert await apps.get_app(tenant_id, app.id) == AppView.of(app)


async def test_each_order(apps: SqlAppReader, tenant_id: TenantId, three: list[App]) -> None:
    by_name = (SortField(name="name"),)
    by_change = (SortField(name="updated_at", descending=True), SortField(name="name"))

    assert await names(apps, tenant_id) == ["100% writer", "sales BOT", "Support bot"]
    assert await names(apps, tenant_id, sort=by_name) == ["100% writer", "sales BOT", "Support bot"]
    assert (await names(apps, tenant_id, sort=by_change))[0] == "sales BOT"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AppFilter(status=AppStatus.ARCHIVED), ["sales BOT"]),
        (AppFilter(mode=AppMode.COMPLETION), ["100% writer"]),
        (AppFilter(q="bot"), ["sales BOT", "Support bot"]),
        (AppFilter(q="BOT", status=AppStatus.ACTIVE), ["Support bot"]),
        (AppFilter(q="%"), ["100% writer"]),
        (AppFilter(q="_"), []),
        (AppFilter(q=""), ["100% writer", "sales BOT", "Support bot"]),
    ],
)
async def test_each_filter(
    apps: SqlAppReader,
    tenant_id: TenantId,
    three: list[App],
    wanted: AppFilter,
    expected: list[str],
) -> None:
    assert await names(apps, tenant_id, wanted) == expected


async def test_a_bound_key_sees_its_app_only(
    apps: SqlAppReader, tenant_id: TenantId, three: list[App]
) -> None:
    assert await names(apps, tenant_id, AppFilter(only=three[0].id)) == ["Support bot"]


async def test_pages_know_the_total_also_past_the_end(
    apps: SqlAppReader, tenant_id: TenantId, three: list[App]
) -> None:
    async def page(number: int) -> tuple[list[str], int]:
        request = PageRequest(page=number, limit=2, sort=NEWEST)
        found = await apps.list_apps(tenant_id, request, EVERYTHING)
        return [app.name for app in found.items], found.total

    assert await page(1) == (["100% writer", "sales BOT"], 3)
    assert await page(2) == (["Support bot"], 3)
    assert await page(9) == ([], 3)


async def test_other_tenants_and_deleted_apps_are_not_listed(
    begin: Begin, apps: SqlAppReader, tenant_id: TenantId, three: list[App]
) -> None:
    async with begin(tenant_id) as work:
        (await work.apps.get(three[0].id)).delete(now=LATER, by=EDITOR)
        await work.commit()

    assert await names(apps, tenant_id) == ["100% writer", "sales BOT"]
    assert await names(apps, TenantId(new_id())) == []
    with pytest.raises(AppNotFound):
        await apps.get_app(tenant_id, three[0].id)


async def test_versions_are_listed_latest_first_and_shown_whole(
    begin: Begin, versions: SqlAppVersionReader, tenant_id: TenantId
) -> None:
    app = new_app(tenant_id=tenant_id)
    first = published(app)
    app.configure(chat("Be kind."), expected_draft_version=1, now=LATER, by=EDITOR)
    second = published(app, latest=first)
    async with begin(tenant_id) as work:
        work.apps.add(app)
        work.app_versions.add(first)
        work.app_versions.add(second)
        await work.commit()

    latest_first = await versions.list_versions(tenant_id, app.id, PageRequest(limit=1))
    oldest_first = await versions.list_versions(
        tenant_id, app.id, PageRequest(sort=(SortField(name="number"),))
    )
    detail = await versions.get_version(tenant_id, app.id, 2)

    assert (list(latest_first.items), latest_first.total) == ([AppVersionView.of(second)], 2)
    assert list(oldest_first.items) == [AppVersionView.of(first), AppVersionView.of(second)]
    assert (detail.summary, detail.configuration) == (
        AppVersionView.of(second),
        second.configuration,
    )


async def test_versions_of_what_does_not_exist_are_not_there(
    begin: Begin, versions: SqlAppVersionReader, tenant_id: TenantId
) -> None:
    app = new_app(tenant_id=tenant_id)
    await keep(begin, app)

    nothing = await versions.list_versions(tenant_id, app.id, PageRequest())

    assert (list(nothing.items), nothing.total) == ([], 0)
    with pytest.raises(AppVersionNotFound):
        await versions.get_version(tenant_id, app.id, 1)
    with pytest.raises(AppNotFound):
        await versions.list_versions(tenant_id, AppId(new_id()), PageRequest())
