"""Every route of the document, called by those who may not: also the routes of tomorrow."""

from collections.abc import Iterable

import pytest

from dify_hex.domain.account.permissions import Role, permissions_of
from tests.contract.operations import ANYONE, PUBLIC, Operation, operations_of
from tests.contract.running_api import RunningApi
from tests.contract.world import World

#: Routes that need no credentials, one by one: another one is a decision, not an accident.
PUBLIC_ROUTES = {
    "answer_form",
    "upload_form_file",
    "check_dependencies",
    "check_liveness",
    "check_readiness",
    "log_in",
    "refresh_session",
    "show_form",
}
CREDENTIAL_CODES = {"auth_required"}


@pytest.fixture(scope="session")
def world(torn_world: World) -> World:
    return torn_world


@pytest.fixture(scope="session")
def operations(api: RunningApi) -> tuple[Operation, ...]:
    return tuple(operations_of(api.document))


@pytest.fixture(scope="session")
def guarded(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    return tuple(operation for operation in operations if operation.permission != PUBLIC)


def _told(failures: Iterable[str]) -> str:
    return "\n".join(failures)


def test_every_route_says_whom_it_admits(operations: tuple[Operation, ...]) -> None:
    assert len(operations) > 30
    undeclared = [
        operation.name for operation in operations if operation.permission == "undeclared"
    ]
    assert not undeclared


def test_no_route_is_public_by_accident(operations: tuple[Operation, ...]) -> None:
    public = {operation.name for operation in operations if operation.permission == PUBLIC}
    assert public == PUBLIC_ROUTES


def test_the_world_has_something_for_every_address(
    world: World, guarded: tuple[Operation, ...]
) -> None:
    wanted = {name for operation in guarded for name in operation.parameters}
    assert wanted <= set(world.ids), "say in tests/contract/world.py what the new parameter means"


@pytest.mark.parametrize("kind", ["none", "garbage", "revoked key", "expired key", "expired token"])
def test_nobody_enters_without_good_credentials(
    world: World, guarded: tuple[Operation, ...], kind: str
) -> None:
    credential = {
        "none": None,
        "garbage": "garbage",
        "revoked key": world.revoked_key,
        "expired key": world.expired_key,
        "expired token": world.expired_token,
    }[kind]
    failures = []
    for operation in guarded:
        answer = operation.call(world, credential, world.ids)
        if answer.status_code != 401 or "www-authenticate" not in answer.headers:
            failures.append(f"{operation.method} {operation.template}: {answer.status_code}")
    assert not failures, _told(failures)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_its_permissions_say(
    world: World, guarded: tuple[Operation, ...], role: Role
) -> None:
    failures = []
    for operation in guarded:
        # What ends a session or changes a password does so to one that nobody else uses.
        lone = operation.permission == ANYONE and operation.method != "GET"
        credential = world.signed_in(role) if lone else world.tokens[role]
        answer = operation.call(world, credential, operation.nowhere())
        required = operation.required
        admitted = required is None or required in permissions_of(role)
        refused = answer.status_code == 403 and answer.json()["code"] == "auth_insufficient_scope"
        if admitted == refused or (answer.status_code == 401 and not lone):
            failures.append(f"{operation.method} {operation.template}: {answer.text[:200]}")
        if answer.status_code >= 500:
            failures.append(f"{operation.method} {operation.template}: {answer.text[:200]}")
    assert not failures, _told(failures)


def test_a_key_may_do_what_its_scopes_say(world: World, guarded: tuple[Operation, ...]) -> None:
    failures = []
    for operation in guarded:
        answer = operation.call(world, world.key, operation.nowhere())
        required = operation.required
        allowed = required is None or required.value in (
            "app:read",
            "app:run",
            "conversation:read",
        )
        refused = answer.status_code == 403
        if not allowed and not refused:
            failures.append(f"{operation.method} {operation.template}: {answer.text[:200]}")
        if required is not None and allowed and refused:
            failures.append(f"{operation.method} {operation.template}: {answer.text[:200]}")
    assert not failures, _told(failures)


def test_another_tenant_sees_nothing_of_this_one(
    world: World, guarded: tuple[Operation, ...]
) -> None:
    failures = []
    for operation in guarded:
        if not operation.parameters:
            continue
        there = operation.call(world, world.other_owner, world.ids)
        nowhere = operation.call(world, world.other_owner, operation.nowhere())
        if there.status_code != 404 or _gist(there.json()) != _gist(nowhere.json()):
            texts = f"{there.text[:200]} / {nowhere.text[:200]}"
            failures.append(f"{operation.method} {operation.template}: {texts}")
    assert not failures, _told(failures)


def test_no_list_shows_anything_of_another_tenant(
    world: World, guarded: tuple[Operation, ...]
) -> None:
    failures = []
    for operation in guarded:
        if operation.method != "GET" or operation.parameters:
            continue
        text = operation.call(world, world.other_owner, {}).text
        failures += [f"{operation.template} shows {name}" for name, i in world.ids.items()
                     if len(i) > 10 and i in text]  # fmt: skip
    assert not failures, _told(failures)


def test_what_others_tried_has_changed_nothing(world: World) -> None:
    app = world.call("GET", f"/v1/apps/{world.ids['app_id']}", world.tokens[Role.OWNER])
    message = world.call("GET", f"/v1/messages/{world.ids['message_id']}", world.tokens[Role.OWNER])
    place = f"/v1/workflow-runs/{world.ids['run_id']}"
    run = world.call("GET", place, world.tokens[Role.OWNER])
    (form,) = world.call("GET", f"{place}/forms", world.tokens[Role.OWNER]).json()["data"]

    assert app.json()["data"]["name"] == "Lamp"
    assert message.status_code == 200
    assert (run.json()["data"]["status"], form["status"]) == ("paused", "open")


def _gist(body: dict[str, object]) -> tuple[object, object, object]:
    """An error without what differs from request to request."""
    return body.get("code"), body.get("message"), body.get("details")
