"""Refreshing, leaving, switching, and what each of them does to tokens already handed out."""

from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.account.change_password import ChangePasswordCommand
from dify_hex.application.account.change_role import ChangeRoleCommand
from dify_hex.application.account.log_out import LogOutCommand
from dify_hex.application.account.remove_member import RemoveMemberCommand
from dify_hex.application.account.switch_tenant import SwitchTenantCommand
from dify_hex.domain.account.account import FORGIVEN_FAILURES
from dify_hex.domain.account.errors import (
    PeopleOnly,
    RefreshTokenReused,
    SessionEnded,
    TenantNotFound,
    TenantSuspended,
    TokenExpired,
    TokenInvalid,
    WeakPassword,
    WrongPassword,
)
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.account.session import IDLE_LIFE
from dify_hex.domain.shared.ids import TenantId
from tests.builders.account import (
    GRACE,
    LATER,
    PASSWORD,
    TENANT,
    a_machine,
    a_membership,
    a_person,
    a_tenant,
)
from tests.fakes.identity import DEVICE, Identity

OTHER = TenantId(UUID(int=20))
MINUTE = timedelta(minutes=1)
NEW_PASSWORD = "brisk-otter-sings-9"


async def test_a_refresh_token_is_exchanged_for_its_successor(owned: Identity) -> None:
    first = await owned.signs_in()
    owned.clock.turn(MINUTE)

    second = await owned.refreshes(first.refresh_token)

    assert second.refresh_token != first.refresh_token
    assert second.session_expires_at == first.session_expires_at
    await owned.asks(second.access_token)
    await owned.refreshes(second.refresh_token)


async def test_a_lost_answer_can_be_asked_for_again_for_a_few_seconds(owned: Identity) -> None:
    first = await owned.signs_in()
    lost = await owned.refreshes(first.refresh_token)
    owned.clock.turn(timedelta(seconds=5))

    again = await owned.refreshes(first.refresh_token)

    assert again.refresh_token == lost.refresh_token


async def test_a_token_used_twice_ends_its_session_for_every_holder(owned: Identity) -> None:
    stolen = await owned.signs_in()
    honest = await owned.refreshes(stolen.refresh_token)
    owned.clock.turn(MINUTE)

    with pytest.raises(RefreshTokenReused):
        await owned.refreshes(stolen.refresh_token)

    with pytest.raises(SessionEnded):
        await owned.refreshes(honest.refresh_token)
    with pytest.raises(TokenInvalid):
        await owned.asks(honest.access_token)
    assert owned.database.events_named("session.reuse_detected")


@pytest.mark.parametrize("text", ["", "x", "a.b", "." * 87, f"{'é' * 43}.{'a' * 43}"])
async def test_what_is_no_token_of_ours_ends_nothing(owned: Identity, text: str) -> None:
    signed_in = await owned.signs_in()

    with pytest.raises(SessionEnded):
        await owned.refreshes(text)
    with pytest.raises(SessionEnded):
        await owned.refreshes(f"{'a' * 43}.{signed_in.refresh_token[44:]}")
    await owned.asks(signed_in.access_token)


async def test_an_unused_session_cannot_be_refreshed(owned: Identity) -> None:
    signed_in = await owned.signs_in()
    owned.clock.turn(IDLE_LIFE)

    with pytest.raises(SessionEnded):
        await owned.refreshes(signed_in.refresh_token)


async def test_a_suspended_tenant_refreshes_nothing(owned: Identity) -> None:
    signed_in = await owned.signs_in()
    await owned.suspend()

    with pytest.raises(TenantSuspended):
        await owned.refreshes(signed_in.refresh_token)
    with pytest.raises(TenantSuspended):
        await owned.asks(signed_in.access_token)


async def test_an_access_token_ends_with_its_time(owned: Identity) -> None:
    signed_in = await owned.signs_in()
    owned.clock.turn(timedelta(minutes=16))

    with pytest.raises(TokenExpired):
        await owned.asks(signed_in.access_token)


async def test_logging_out_ends_this_session_and_no_other(owned: Identity) -> None:
    here, there = await owned.signs_in(), await owned.signs_in()

    await owned.log_out.execute(await owned.asks(here.access_token), LogOutCommand())

    with pytest.raises(TokenInvalid):
        await owned.asks(here.access_token)
    with pytest.raises(SessionEnded):
        await owned.refreshes(here.refresh_token)
    await owned.asks(there.access_token)


async def test_logging_out_everywhere_ends_them_all(owned: Identity) -> None:
    here, there = await owned.signs_in(), await owned.signs_in()

    actor = await owned.asks(here.access_token)
    await owned.log_out.execute(actor, LogOutCommand(everywhere=True))

    for signed_in in (here, there):
        with pytest.raises(TokenInvalid):
            await owned.asks(signed_in.access_token)
        with pytest.raises(SessionEnded):
            await owned.refreshes(signed_in.refresh_token)
    owned.clock.turn(MINUTE)
    await owned.asks((await owned.signs_in()).access_token)


async def test_another_password_ends_every_other_session(owned: Identity) -> None:
    here, there = await owned.signs_in(), await owned.signs_in()
    actor = await owned.asks(here.access_token)
    owned.clock.turn(MINUTE)

    on = await owned.change_password.execute(
        actor, ChangePasswordCommand(present=PASSWORD, wanted=NEW_PASSWORD, device=DEVICE)
    )

    for signed_in in (here, there):
        with pytest.raises(TokenInvalid):
            await owned.asks(signed_in.access_token)
    await owned.asks(on.access_token)
    await owned.signs_in(password=NEW_PASSWORD)
    assert owned.database.events_named("account.password_changed")


async def test_a_password_is_changed_only_by_who_knows_the_present_one(owned: Identity) -> None:
    actor = await owned.asks((await owned.signs_in()).access_token)
    wrong = ChangePasswordCommand(present="wrong", wanted=NEW_PASSWORD, device=DEVICE)

    for _ in range(FORGIVEN_FAILURES):
        with pytest.raises(WrongPassword):
            await owned.change_password.execute(actor, wrong)

    right = ChangePasswordCommand(present=PASSWORD, wanted=NEW_PASSWORD, device=DEVICE)
    with pytest.raises(WrongPassword):
        await owned.change_password.execute(actor, right)
    assert owned.database.events_named("account.locked")


async def test_a_weak_password_is_not_taken(owned: Identity) -> None:
    actor = await owned.asks((await owned.signs_in()).access_token)

    with pytest.raises(WeakPassword):
        await owned.change_password.execute(
            actor, ChangePasswordCommand(present=PASSWORD, wanted="short", device=DEVICE)
        )


async def test_a_password_changed_meanwhile_is_not_overwritten(owned: Identity) -> None:
    actor = await owned.asks((await owned.signs_in()).access_token)
    commits = owned.database.commits
    begin = owned.begin

    def racing(tenant_id: TenantId) -> object:
        work = begin(tenant_id)
        if owned.database.commits == commits:
            owned.database.commits += 1
            return work
        account = owned.database.tables[type(owned.account())][None, actor.account_id]
        account._password_hash = "v2:other"  # type: ignore[attr-defined] # someone else's commit
        return work

    owned.change_password._begin = racing  # type: ignore[assignment] # a race
    with pytest.raises(WrongPassword):
        await owned.change_password.execute(
            actor, ChangePasswordCommand(present=PASSWORD, wanted=NEW_PASSWORD, device=DEVICE)
        )


async def test_a_role_taken_away_is_gone_at_the_next_request(owned: Identity) -> None:
    await owned.given_member(GRACE, Role.ADMIN)
    grace = await owned.signs_in("admin@example.com")
    assert Permission.KEY_WRITE in (await owned.asks(grace.access_token)).permissions

    await owned.change_role.execute(
        a_person(), ChangeRoleCommand(account_id=GRACE, role=Role.VIEWER)
    )

    actor = await owned.asks(grace.access_token)
    assert actor.permissions == permissions_of(Role.VIEWER)


async def test_a_removed_member_is_out_at_once_and_stays_out_when_added_again(
    owned: Identity,
) -> None:
    await owned.given_member(GRACE, Role.VIEWER)
    grace = await owned.signs_in("viewer@example.com")

    await owned.remove_member.execute(a_person(), RemoveMemberCommand(account_id=GRACE))

    with pytest.raises(TokenInvalid):
        await owned.asks(grace.access_token)
    with pytest.raises(SessionEnded):
        await owned.refreshes(grace.refresh_token)
    await owned.given(memberships=[a_membership(Role.VIEWER, account_id=GRACE, now=LATER)])
    with pytest.raises(TokenInvalid):
        await owned.asks(grace.access_token)
    with pytest.raises(SessionEnded):
        await owned.refreshes(grace.refresh_token)


async def test_switching_goes_on_in_the_other_tenant_and_ends_here(owned: Identity) -> None:
    await owned.given(
        tenants=[a_tenant(id=OTHER)], memberships=[a_membership(Role.EDITOR, tenant_id=OTHER)]
    )
    here = await owned.signs_in()
    actor = await owned.asks(here.access_token)

    there = await owned.switch_tenant.execute(
        actor, SwitchTenantCommand(tenant_id=OTHER, device=DEVICE)
    )

    switched = await owned.asks(there.access_token)
    assert (switched.tenant_id, switched.permissions) == (OTHER, permissions_of(Role.EDITOR))
    with pytest.raises(TokenInvalid):
        await owned.asks(here.access_token)


async def test_one_cannot_switch_to_a_tenant_of_others_nor_to_a_suspended_one(
    owned: Identity,
) -> None:
    await owned.given(tenants=[a_tenant(id=OTHER)])
    actor = await owned.asks((await owned.signs_in()).access_token)
    command = SwitchTenantCommand(tenant_id=OTHER, device=DEVICE)

    with pytest.raises(TenantNotFound):
        await owned.switch_tenant.execute(actor, command)
    await owned.given(memberships=[a_membership(tenant_id=OTHER)])
    await owned.suspend(OTHER)
    with pytest.raises(TenantSuspended):
        await owned.switch_tenant.execute(actor, command)
    assert (await owned.asks((await owned.signs_in()).access_token)).tenant_id == TENANT


async def test_machines_have_no_sessions(owned: Identity) -> None:
    machine = a_machine(*Permission)

    with pytest.raises(PeopleOnly):
        await owned.log_out.execute(machine, LogOutCommand())
    with pytest.raises(PeopleOnly):
        await owned.switch_tenant.execute(
            machine, SwitchTenantCommand(tenant_id=OTHER, device=DEVICE)
        )
    with pytest.raises(PeopleOnly):
        await owned.change_password.execute(
            machine, ChangePasswordCommand(present="x", wanted="y", device=DEVICE)
        )
