"""Describing, configuring, archiving and deleting an app."""

import pytest

from dify_hex.application.app.configure_app import ConfigureAppCommand
from dify_hex.application.app.delete_app import DeleteApp, DeleteAppCommand
from dify_hex.application.app.describe_app import DescribeApp, DescribeAppCommand
from dify_hex.application.app.inspect_draft import InspectDraft
from dify_hex.application.app.set_app_status import SetAppStatus, SetAppStatusCommand
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppIsArchived,
    AppNameTaken,
    AppNotFound,
    AppSlugTaken,
)
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId, TenantId
from tests.builders.app import actor, chat
from tests.unit.application.app.conftest import AppHouse


def describe_app(house: AppHouse) -> DescribeApp:
    return DescribeApp(begin=house.begin, clock=house.clock)


def delete_app(house: AppHouse) -> DeleteApp:
    return DeleteApp(begin=house.begin, clock=house.clock)


def set_status(house: AppHouse) -> SetAppStatus:
    return SetAppStatus(begin=house.begin, clock=house.clock)


def inspect_draft(house: AppHouse) -> InspectDraft:
    return InspectDraft(begin=house.begin, inspector=house.inspector)


async def test_renaming(house: AppHouse) -> None:
    app = await house.made("Support bot")

    renamed = await describe_app(house).execute(
        house.editor, DescribeAppCommand(app_id=app.id, name="Sales bot", expected_version=1)
    )

    assert (renamed.name, renamed.slug, renamed.version) == ("Sales bot", app.slug, 2)


async def test_a_taken_name_or_slug_is_refused(house: AppHouse) -> None:
    first, second = await house.made("One"), await house.made("Two")

    with pytest.raises(AppNameTaken):
        await describe_app(house).execute(
            house.editor, DescribeAppCommand(app_id=second.id, name="one")
        )
    with pytest.raises(AppSlugTaken):
        await describe_app(house).execute(
            house.editor, DescribeAppCommand(app_id=second.id, slug=first.slug)
        )


async def test_an_app_that_has_changed_meanwhile_is_not_overwritten(house: AppHouse) -> None:
    app = await house.made()

    with pytest.raises(StaleVersion):
        await describe_app(house).execute(
            house.editor, DescribeAppCommand(app_id=app.id, name="x", expected_version=7)
        )


async def test_an_app_of_another_tenant_does_not_exist(house: AppHouse) -> None:
    app = await house.made()
    stranger = actor(tenant_id=TenantId(new_id()))

    with pytest.raises(AppNotFound):
        await describe_app(house).execute(stranger, DescribeAppCommand(app_id=app.id, name="x"))
    with pytest.raises(AppNotFound):
        await inspect_draft(house).execute(stranger, app.id)


async def test_a_draft_with_faults_is_kept_and_its_faults_are_shown(house: AppHouse) -> None:
    app = await house.made()

    draft = await house.configured(app.id, chat("{{ tone }} {% for x in y %}{% endfor %}"), 1)

    assert draft.version == 2
    assert [(fault.code, fault.path) for fault in draft.faults] == [
        ("prompt_invalid", "prompt.text")
    ]
    assert "for is not allowed here (line 1)" in draft.faults[0].message
    assert await inspect_draft(house).execute(house.editor, app.id) == draft


async def test_a_name_the_prompt_uses_has_to_be_declared(house: AppHouse) -> None:
    app = await house.made()

    draft = await house.configured(app.id, chat("Be {{ tone }}."), 1)

    assert [fault.code for fault in draft.faults] == ["prompt_variable_undeclared"]


async def test_a_stale_draft_is_refused(house: AppHouse) -> None:
    app = await house.made()
    await house.configured(app.id, chat("Be kind."), 1)

    with pytest.raises(StaleVersion):
        await house.configured(app.id, chat("Be brief."), 1)


async def test_editing_takes_the_permission_to_write(house: AppHouse) -> None:
    app = await house.made()
    viewer = actor(Permission.APP_READ)

    with pytest.raises(PermissionDenied):
        await house.configure_app.execute(
            viewer,
            ConfigureAppCommand(app_id=app.id, configuration=chat(), expected_draft_version=1),
        )
    with pytest.raises(PermissionDenied):
        await describe_app(house).execute(viewer, DescribeAppCommand(app_id=app.id))
    with pytest.raises(PermissionDenied):
        await delete_app(house).execute(viewer, DeleteAppCommand(app_id=app.id))
    with pytest.raises(PermissionDenied):
        await set_status(house).execute(
            viewer, SetAppStatusCommand(app_id=app.id, status=AppStatus.ARCHIVED)
        )
    with pytest.raises(PermissionDenied):
        await inspect_draft(house).execute(actor(Permission.APP_RUN), app.id)


async def test_an_archived_app_cannot_be_edited_until_it_is_back(house: AppHouse) -> None:
    app = await house.made()
    archive = SetAppStatusCommand(app_id=app.id, status=AppStatus.ARCHIVED)
    unarchive = SetAppStatusCommand(app_id=app.id, status=AppStatus.ACTIVE)

    archived = await set_status(house).execute(house.editor, archive)
    with pytest.raises(AppIsArchived):
        await house.configured(app.id, chat("x"), 1)
    active = await set_status(house).execute(house.editor, unarchive)

    assert (archived.status, active.status) == (AppStatus.ARCHIVED, AppStatus.ACTIVE)
    assert len(house.database.events_named("app.archived")) == 1


async def test_a_deleted_app_is_gone_and_its_name_is_free(house: AppHouse) -> None:
    app = await house.made("Support bot")

    await delete_app(house).execute(
        house.editor, DeleteAppCommand(app_id=app.id, expected_version=1)
    )

    with pytest.raises(AppNotFound):
        await inspect_draft(house).execute(house.editor, app.id)
    await house.made("Support bot")
    assert len(house.database.events_named("app.deleted")) == 1


async def test_an_app_nobody_made_does_not_exist(house: AppHouse) -> None:
    with pytest.raises(AppNotFound):
        await delete_app(house).execute(house.editor, DeleteAppCommand(app_id=AppId(new_id())))
