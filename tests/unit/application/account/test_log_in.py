"""Signing in, and everything that looks the same from outside when it fails."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.account.sign_in_limits import TooManyTries
from dify_hex.application.account.steady_answer import failing_no_sooner_than
from dify_hex.domain.account.account import FIRST_LOCK, FORGIVEN_FAILURES
from dify_hex.domain.account.errors import (
    InvalidEmail,
    LoginFailed,
    NoMembership,
    TenantNotFound,
    TenantSuspended,
)
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.account.session import Session
from dify_hex.domain.shared.ids import TenantId
from tests.builders.account import (
    ADA,
    GRACE,
    LATER,
    PASSWORD,
    TENANT,
    a_membership,
    a_tenant,
    an_account,
)
from tests.fakes.identity import Identity

OTHER = TenantId(UUID(int=20))


async def fails(identity: Identity, times: int) -> None:
    for _ in range(times):
        with pytest.raises(LoginFailed):
            await identity.signs_in(password="wrong")


async def test_a_right_password_opens_a_session(owned: Identity) -> None:
    signed_in = await owned.signs_in(" ADA@example.com ")

    actor = await owned.asks(signed_in.access_token)
    (session,) = owned.database.all(Session)
    assert (actor.account_id, actor.tenant_id, actor.session_id) == (ADA, TENANT, session.id)
    assert signed_in.expires_in == 900
    assert (session.user_agent, session.address) == ("tests", "192.0.2.1")
    assert owned.database.events_named("account.logged_in")


async def test_what_is_no_address_is_told(identity: Identity) -> None:
    with pytest.raises(InvalidEmail):
        await identity.signs_in("nobody")


async def test_an_unknown_address_and_a_wrong_password_fail_alike(owned: Identity) -> None:
    messages = []
    for email in ("nobody@example.com", "ada@example.com"):
        with pytest.raises(LoginFailed) as failed:
            await owned.signs_in(email, "wrong")
        messages.append((failed.value.message, failed.value.details))
    assert messages[0] == messages[1]
    assert not owned.database.all(Session)


async def test_too_many_wrong_passwords_lock_out_even_the_right_one(owned: Identity) -> None:
    await fails(owned, FORGIVEN_FAILURES)

    with pytest.raises(LoginFailed):
        await owned.signs_in()
    assert owned.database.events_named("account.locked")

    owned.clock.turn(FIRST_LOCK)
    await owned.signs_in()
    assert owned.account().failed_logins == 0


async def test_tries_are_limited_by_address_of_mail_known_or_not(owned: Identity) -> None:
    for email in ("ada@example.com", "nobody@example.com"):
        for _ in range(20):
            with pytest.raises(LoginFailed):
                await owned.signs_in(email, "wrong")
        with pytest.raises(TooManyTries) as limited:
            await owned.signs_in(email, PASSWORD)
        assert limited.value.retry_after == pytest.approx(10)


async def test_without_the_limiter_people_still_come_in(owned: Identity) -> None:
    owned.limiter.is_away = True

    await owned.signs_in()


async def test_an_account_without_a_password_cannot_be_entered(owned: Identity) -> None:
    await owned.given(
        accounts=[an_account(id=GRACE, email="grace@example.com", password_hash=None)],
        memberships=[a_membership(Role.VIEWER, account_id=GRACE)],
    )

    with pytest.raises(LoginFailed):
        await owned.signs_in("grace@example.com", "")


async def test_an_account_of_no_tenant_is_told_so_only_with_its_password(
    identity: Identity,
) -> None:
    await identity.given(accounts=[an_account(password_hash=f"v2:{PASSWORD}")])

    with pytest.raises(LoginFailed):
        await identity.signs_in(password="wrong")
    with pytest.raises(NoMembership):
        await identity.signs_in()


async def test_one_enters_the_tenant_joined_first_unless_one_asks_for_another(
    owned: Identity,
) -> None:
    await owned.given(
        tenants=[a_tenant(id=OTHER)],
        memberships=[a_membership(Role.VIEWER, tenant_id=OTHER, now=LATER)],
    )
    owned.clock.turn(timedelta(hours=2))

    assert (await owned.signs_in()).tenant_id == TENANT
    there = await owned.signs_in(tenant_id=OTHER)
    assert (there.tenant_id, there.role) == (OTHER, Role.VIEWER)
    with pytest.raises(TenantNotFound):
        await owned.signs_in(tenant_id=TenantId(UUID(int=21)))


async def test_a_suspended_tenant_lets_nobody_in(owned: Identity) -> None:
    await owned.suspend()

    with pytest.raises(TenantSuspended):
        await owned.signs_in()


async def test_a_hash_of_older_settings_is_replaced(identity: Identity) -> None:
    await identity.given(
        tenants=[a_tenant()],
        accounts=[an_account(password_hash=f"v1:{PASSWORD}")],
        memberships=[a_membership()],
    )

    await identity.signs_in()

    assert identity.account().password_hash == f"v2:{PASSWORD}"


async def test_a_failure_is_held_back_until_its_time() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(LoginFailed):
        async with failing_no_sooner_than(0.05):
            raise LoginFailed
    assert clock() - began >= 0.05


async def test_other_errors_are_not_held_back() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(NoMembership):
        async with failing_no_sooner_than(10):
            raise NoMembership
    assert clock() - began < 5


async def test_a_password_changed_meanwhile_does_not_open_a_session(owned: Identity) -> None:
    found = await owned.directory.find_login(owned.account().email)

    async def stale(_email: object) -> object:
        async with owned.begin(TENANT) as work:
            account = await work.accounts.get(ADA)
            account.change_password("v2:other", tenant_id=TENANT, now=LATER)
            await work.commit()
        return found

    owned.directory.find_login = stale  # type: ignore[assignment,method-assign] # a race
    with pytest.raises(LoginFailed):
        await owned.signs_in()
