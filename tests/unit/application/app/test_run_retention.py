"""Apps say how long their runs are kept."""

from dataclasses import replace

import pytest

from dify_hex.application.app.run_retention import (
    SetRunRetention,
    SetRunRetentionCommand,
    ShowRunRetention,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppIsArchived, AppNotFound
from dify_hex.domain.app.run_retention import RunRetention
from dify_hex.domain.shared.ids import AppId, TenantId
from tests.builders.app import TENANT, actor
from tests.unit.application.app.conftest import AppHouse

SHORT = RunRetention(keep_days=3)


async def say(house: AppHouse, app_id: AppId) -> None:
    command = SetRunRetentionCommand(app_id=app_id, retention=SHORT)
    assert await SetRunRetention(begin=house.begin).execute(house.editor, command) == SHORT


async def shown(house: AppHouse, app_id: AppId) -> RunRetention:
    return await ShowRunRetention(begin=house.begin).execute(house.editor, app_id)


async def test_what_was_said_is_shown(house: AppHouse) -> None:
    app = await house.made()
    assert await shown(house, app.id) == RunRetention()

    await say(house, app.id)

    assert await shown(house, app.id) == SHORT


async def test_it_takes_the_right_to_change_an_app_that_is_there_and_in_use(
    house: AppHouse,
) -> None:
    app = await house.made()
    with pytest.raises(AppNotFound):
        await say(house, AppId(new_id()))
    async with house.begin(TENANT) as work:
        (await work.apps.get(app.id)).archive(now=house.clock.now(), by=None)
        await work.commit()
    with pytest.raises(AppIsArchived):
        await say(house, app.id)

    house.editor = actor(Permission.APP_READ)
    with pytest.raises(PermissionDenied):
        await say(house, app.id)
    house.editor = replace(house.editor, tenant_id=TenantId(new_id()))
    with pytest.raises(AppNotFound):
        await shown(house, app.id)
