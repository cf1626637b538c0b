"""Secrets of apps: kept sealed, listed by name, opened for runs, forgotten with the app."""

import pytest

from dify_hex.application.app.app_secrets import AppRunSecrets
from dify_hex.application.app.delete_app import DeleteApp, DeleteAppCommand
from dify_hex.application.app.drop_app_secret import DropAppSecret, DropAppSecretCommand
from dify_hex.application.app.keep_app_secret import KeepAppSecret, KeepAppSecretCommand
from dify_hex.application.app.list_app_secrets import ListAppSecrets
from dify_hex.application.model_provider.ports import SecretBox
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppSecretNotFound, AppSecretsFull
from dify_hex.domain.app.secret import MAX_SECRETS
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.app import TENANT, actor
from tests.builders.flow import workflow
from tests.unit.application.app.conftest import AppHouse


class GlassBox(SecretBox):
    """Seals by turning the text around."""

    def seal(self, secret: SecretText, *, context: str) -> bytes:
        return f"{context}|{secret.reveal()[::-1]}".encode()

    def open(self, blob: bytes, *, context: str) -> SecretText:
        bound_to, _, text = blob.decode().partition("|")
        assert bound_to == context
        return SecretText(text[::-1])


def keeping(house: AppHouse) -> KeepAppSecret:
    return KeepAppSecret(begin=house.begin, clock=house.clock, box=GlassBox())


def named(app_id: AppId, name: str = "TOKEN", value: str = "abc") -> KeepAppSecretCommand:
    return KeepAppSecretCommand(app_id=app_id, name=name, value=SecretText(value))


@pytest.fixture
async def app_id(house: AppHouse) -> AppId:
    """A workflow."""
    return (await house.made(configuration=workflow())).id


async def test_a_secret_is_kept_sealed_and_opened_for_runs(house: AppHouse, app_id: AppId) -> None:
    view = await keeping(house).execute(house.editor, named(app_id))

    (kept,) = house.shelf.secrets.values()
    assert view.name == "TOKEN"
    assert b"abc" not in kept.sealed
    opened = await AppRunSecrets(begin=house.begin, box=GlassBox()).of(TENANT, app_id)
    assert opened == {"TOKEN": "abc"}
    assert "abc" not in repr(named(app_id))


async def test_the_latest_value_stands(house: AppHouse, app_id: AppId) -> None:
    await keeping(house).execute(house.editor, named(app_id))
    await keeping(house).execute(house.editor, named(app_id, value="xyz"))

    listed = await ListAppSecrets(begin=house.begin).execute(house.editor, app_id)
    opened = await AppRunSecrets(begin=house.begin, box=GlassBox()).of(TENANT, app_id)
    assert [secret.name for secret in listed] == ["TOKEN"]
    assert opened == {"TOKEN": "xyz"}


async def test_a_forgotten_secret_is_gone(house: AppHouse, app_id: AppId) -> None:
    await keeping(house).execute(house.editor, named(app_id))
    drop = DropAppSecret(begin=house.begin)
    command = DropAppSecretCommand(app_id=app_id, name="TOKEN")

    await drop.execute(house.editor, command)

    with pytest.raises(AppSecretNotFound):
        await drop.execute(house.editor, command)


async def test_an_app_has_so_many_secrets_and_no_more(house: AppHouse, app_id: AppId) -> None:
    for number in range(MAX_SECRETS):
        await keeping(house).execute(house.editor, named(app_id, f"S{number}"))

    await keeping(house).execute(house.editor, named(app_id, "S0", "again"))
    with pytest.raises(AppSecretsFull):
        await keeping(house).execute(house.editor, named(app_id, "ONE_MORE"))


async def test_secrets_go_with_their_app(house: AppHouse, app_id: AppId) -> None:
    await keeping(house).execute(house.editor, named(app_id))

    await DeleteApp(begin=house.begin, clock=house.clock).execute(
        house.editor, DeleteAppCommand(app_id=app_id)
    )

    assert house.shelf.secrets == {}


async def test_keeping_a_secret_takes_the_right_to_edit(house: AppHouse, app_id: AppId) -> None:
    with pytest.raises(PermissionDenied):
        await keeping(house).execute(actor(Permission.APP_READ), named(app_id))
