"""Identities come back from the database as they went in, and rules that need it hold there."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.errors import (
    AlreadyMember,
    ApiKeyNotFound,
    EmailTaken,
    LinkNotFound,
    MemberNotFound,
    SessionEnded,
    TenantNotFound,
    TenantSlugTaken,
)
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.session import Rotation
from dify_hex.domain.account.tenant import Tenant, TenantLimits, TenantStatus
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)
from tests.builders.account import (
    LATER,
    NOW,
    OWNER_PERMISSIONS,
    a_key,
    a_membership,
    a_password_link,
    a_setup_link,
    an_account,
)
from tests.builders.stored_identity import Begin, Stored, store_member, store_session


def state_of(aggregate: Aggregate) -> dict[str, object]:
    """Everything an aggregate consists of, without what only says how it was loaded."""
    passing = {"_events", "_stored_version"}
    return {name: value for name, value in vars(aggregate).items() if name not in passing}


async def test_a_tenant_comes_back_as_it_went_in(begin: Begin) -> None:
    tenant_id = TenantId(new_id())
    tenant = Tenant(
        id=tenant_id,
        name="Engines",
        slug=f"engines-{tenant_id.hex[-8:]}",
        status=TenantStatus.ACTIVE,
        limits=TenantLimits(members=3, api_keys=4),
        created_at=NOW,
        updated_at=NOW,
        version=0,
    )
    tenant.set_status(TenantStatus.SUSPENDED, now=LATER)
    async with begin(tenant_id) as work:
        work.tenants.add(tenant)
        await work.commit()

    async with begin(tenant_id) as work:
        assert state_of(await work.tenants.get()) == state_of(tenant)


async def test_an_account_comes_back_with_its_hash(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        account = await work.accounts.get(stored.account_id)
        for _ in range(5):
            account.record_wrong_password(tenant_id=stored.tenant_id, now=LATER)
        await work.commit()

    async with begin(stored.tenant_id) as work:
        found = await work.accounts.get(stored.account_id)
    assert state_of(found) == state_of(account)
    assert (found.password_hash, found.failed_logins) == ("hash", 5)


async def test_another_password_is_stored(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        account = await work.accounts.get(stored.account_id)
        account.change_password("other", tenant_id=stored.tenant_id, now=LATER)
        await work.commit()

    async with begin(stored.tenant_id) as work:
        found = await work.accounts.get(stored.account_id)
    assert (found.password_hash, found.sessions_valid_from) == ("other", LATER)


async def test_a_membership_comes_back_and_goes(begin: Begin, stored: Stored) -> None:
    member = await store_member(begin, stored.tenant_id, Role.EDITOR)
    async with begin(stored.tenant_id) as work:
        membership = await work.memberships.get(member)
        membership.change_role(
            Role.ADMIN,
            granted=OWNER_PERMISSIONS,
            by=stored.account_id,
            owners=1,
            now=LATER,
        )
        await work.commit()
    async with begin(stored.tenant_id) as work:
        found = await work.memberships.get(member)
        assert state_of(found) == state_of(membership)
        await work.memberships.remove(found)
        await work.commit()

    async with begin(stored.tenant_id) as work:
        assert await work.memberships.find(member) is None
        with pytest.raises(MemberNotFound):
            await work.memberships.get(member)
        with pytest.raises(MemberNotFound):
            await work.accounts.get(member)


async def test_a_key_comes_back_as_it_went_in(begin: Begin, stored: Stored) -> None:
    key = a_key(
        tenant_id=stored.tenant_id,
        secret=uuid4().hex,
        scopes=frozenset({Permission.APP_RUN, Permission.APP_READ}),
        app_id=AppId(new_id()),
        expires_at=LATER,
    )
    key.revoke(by=stored.account_id, now=LATER)
    async with begin(stored.tenant_id) as work:
        work.api_keys.add(key)
        await work.commit()

    async with begin(stored.tenant_id) as work:
        assert state_of(await work.api_keys.get(key.id)) == state_of(key)
        assert await work.api_keys.count_usable() == 0


async def test_a_session_comes_back_as_it_went_in(begin: Begin, stored: Stored) -> None:
    session = await store_session(begin, stored)
    async with begin(stored.tenant_id) as work:
        kept = await work.sessions.get(session.id)
        assert kept.rotate(session.token_hash, b"second", now=LATER) is Rotation.ROTATED
        kept.revoke(now=LATER)
        await work.commit()

    async with begin(stored.tenant_id) as work:
        assert state_of(await work.sessions.get(session.id)) == state_of(kept)


async def test_links_come_back_as_they_went_in(begin: Begin, stored: Stored) -> None:
    coming = TenantId(new_id())
    set_up = a_setup_link(token=uuid4().hex, tenant_id=coming)
    password = a_password_link(
        token=uuid4().hex, tenant_id=stored.tenant_id, account_id=stored.account_id
    )
    set_up.use_for_set_up(now=LATER)
    for link in (set_up, password):
        async with begin(link.tenant_id) as work:
            work.one_time_links.add(link)
            await work.commit()
        async with begin(link.tenant_id) as work:
            assert state_of(await work.one_time_links.get(link.id)) == state_of(link)


async def test_a_link_tells_for_which_tenant_an_account_was_made(
    begin: Begin, stored: Stored
) -> None:
    async with begin(stored.tenant_id) as work:
        assert not await work.one_time_links.was_given(stored.account_id)
        work.one_time_links.add(
            a_password_link(
                token=uuid4().hex, tenant_id=stored.tenant_id, account_id=stored.account_id
            )
        )
        await work.commit()

    async with begin(stored.tenant_id) as work:
        assert await work.one_time_links.was_given(stored.account_id)
    async with begin(TenantId(new_id())) as work:
        assert not await work.one_time_links.was_given(stored.account_id)


async def test_what_is_not_there_is_told_by_name(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        with pytest.raises(ApiKeyNotFound):
            await work.api_keys.get(ApiKeyId(new_id()))
        with pytest.raises(SessionEnded):
            await work.sessions.get(SessionId(new_id()))
        with pytest.raises(LinkNotFound):
            await work.one_time_links.get(OneTimeLinkId(new_id()))
        with pytest.raises(MemberNotFound):
            await work.accounts.get(AccountId(new_id()))
    async with begin(TenantId(new_id())) as work:
        with pytest.raises(TenantNotFound):
            await work.tenants.get()


async def test_one_address_has_one_account(begin: Begin, stored: Stored, other: Stored) -> None:
    account_id = AccountId(new_id())
    async with begin(other.tenant_id) as work:
        work.accounts.add(an_account(id=account_id, email=stored.account.email.text))
        work.memberships.add(
            a_membership(Role.VIEWER, account_id=account_id, tenant_id=other.tenant_id)
        )
        with pytest.raises(EmailTaken):
            await work.commit()


async def test_an_account_is_in_a_tenant_once(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        work.memberships.add(
            a_membership(Role.VIEWER, account_id=stored.account_id, tenant_id=stored.tenant_id)
        )
        with pytest.raises(AlreadyMember):
            await work.commit()


async def test_a_slug_belongs_to_one_tenant(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        taken = (await work.tenants.get()).slug
    tenant_id = TenantId(new_id())
    tenant = Tenant(
        id=tenant_id,
        name="Copy",
        slug=taken,
        status=TenantStatus.SUSPENDED,
        limits=TenantLimits(),
        created_at=NOW,
        updated_at=NOW,
        version=0,
    )
    tenant.set_status(TenantStatus.ACTIVE, now=NOW)
    async with begin(tenant_id) as work:
        work.tenants.add(tenant)
        with pytest.raises(TenantSlugTaken):
            await work.commit()


async def test_two_owners_who_step_down_at_once_leave_one_behind(
    begin: Begin, stored: Stored
) -> None:
    second = await store_member(begin, stored.tenant_id, Role.OWNER)
    counted: list[int] = []

    async def step_down(account_id: AccountId) -> None:
        async with begin(stored.tenant_id) as work:
            owners = await work.memberships.count_owners()
            counted.append(owners)
            await asyncio.sleep(0.05)
            membership = await work.memberships.get(account_id)
            membership.change_role(
                Role.VIEWER, granted=OWNER_PERMISSIONS, by=None, owners=owners, now=LATER
            )
            await work.commit()

    results = await asyncio.gather(
        step_down(stored.account_id), step_down(second), return_exceptions=True
    )

    assert sorted(counted) == [1, 2]
    assert sum(result is None for result in results) == 1


async def test_whoever_counts_waits_for_who_counts_already(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as first:
        assert await first.memberships.count() == 1
        async with begin(stored.tenant_id) as second:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await second.api_keys.count_usable()


async def test_only_one_asks_for_the_first_tenant_at_a_time(begin: Begin, stored: Stored) -> None:
    async with begin(TenantId(new_id())) as first:
        assert not await first.tenants.is_first()
        async with begin(TenantId(new_id())) as second:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await second.tenants.is_first()


async def test_a_session_is_rotated_by_one_caller_at_a_time(begin: Begin, stored: Stored) -> None:
    session = await store_session(begin, stored)

    async def rotate() -> Rotation:
        async with begin(stored.tenant_id) as work:
            kept = await work.sessions.get(session.id)
            await asyncio.sleep(0.02)
            outcome = kept.rotate(session.token_hash, b"successor", now=NOW + timedelta(seconds=1))
            await work.commit()
            return outcome

    outcomes = await asyncio.gather(rotate(), rotate(), rotate())

    assert sorted(outcomes) == [Rotation.REPEATED, Rotation.REPEATED, Rotation.ROTATED]


async def test_a_tenant_renamed_twice_from_one_reading_is_stale(
    begin: Begin, stored: Stored
) -> None:
    async with begin(stored.tenant_id) as first, begin(stored.tenant_id) as second:
        (await first.tenants.get()).rename("One", now=LATER)
        (await second.tenants.get()).rename("Two", now=LATER)
        await first.commit()
        with pytest.raises(StaleVersion):
            await second.commit()
