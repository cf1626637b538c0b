"""Making an app."""

import pytest

from dify_hex.application.app.create_app import CreateAppCommand
from dify_hex.application.shared.actor import AppNotAllowed, PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.configuration import ChatConfiguration
from dify_hex.domain.app.errors import AppModeMismatch, AppModeUnsupported, AppNameTaken
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.shared.ids import AppId, TenantId
from tests.builders.app import MODEL, actor, chat, completion
from tests.unit.application.app.conftest import AppHouse


async def test_a_new_app_uses_the_default_model_and_is_told_to_others(house: AppHouse) -> None:
    app = await house.made("Support bot")

    assert (app.name, app.status, app.draft_version) == ("Support bot", AppStatus.ACTIVE, 1)
    assert await _draft(house, app.id) == ChatConfiguration(model=MODEL)
    assert len(house.database.events_named("app.created")) == 1


async def test_a_configuration_can_be_given_at_once(house: AppHouse) -> None:
    app = await house.made("Writer", completion("Write."))

    assert app.mode is AppMode.COMPLETION
    assert await _draft(house, app.id) == completion("Write.")


@pytest.mark.parametrize("name", ["Support bot", "SUPPORT BOT"])
async def test_a_name_is_used_once_in_a_tenant(house: AppHouse, name: str) -> None:
    await house.made("Support bot")

    with pytest.raises(AppNameTaken):
        await house.made(name)


async def test_tenants_do_not_share_names(house: AppHouse) -> None:
    await house.made("Support bot")

    await house.made("Support bot", by=actor(tenant_id=TenantId(new_id())))


async def test_a_mode_that_is_not_offered_is_refused(house: AppHouse) -> None:
    with pytest.raises(AppModeUnsupported):
        await house.create_app.execute(
            house.editor, CreateAppCommand(name="Agent", mode=AppMode.AGENT)
        )


async def test_the_configuration_has_to_be_of_the_mode(house: AppHouse) -> None:
    command = CreateAppCommand(name="x", mode=AppMode.COMPLETION, configuration=chat())

    with pytest.raises(AppModeMismatch):
        await house.create_app.execute(house.editor, command)


async def test_it_takes_the_permission_to_write(house: AppHouse) -> None:
    with pytest.raises(PermissionDenied):
        await house.made(by=actor(Permission.APP_READ))


async def test_a_key_bound_to_one_app_cannot_make_another(house: AppHouse) -> None:
    with pytest.raises(AppNotAllowed):
        await house.made(by=actor(bound_app_id=AppId(new_id())))


async def _draft(house: AppHouse, app_id: AppId) -> object:
    async with house.begin(house.editor.tenant_id) as work:
        return (await work.apps.get(app_id)).state.draft.configuration
