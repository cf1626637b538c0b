"""What lists and pages show of identities."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.account.reader import (
    SqlApiKeyReader,
    SqlKnownApps,
    SqlMemberReader,
    SqlTenantReader,
)
from dify_hex.adapters.persistence.transactions import Reads, tenant_reads
from dify_hex.application.account.read_models import ApiKeySummary, MemberSummary, Profile
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.account import AccountStatus, Language
from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.errors import ApiKeyNotFound, MemberNotFound, TenantNotFound
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, TenantId
from dify_hex.domain.shared.paging import PageRequest, SortField
from tests.builders.account import ADA, LATER, NOW, a_key
from tests.builders.stored_identity import Begin, Stored, store_member

NEWEST_FIRST = (SortField(name="created_at", descending=True),)


@pytest.fixture
def reads(engine: AsyncEngine) -> Reads:
    return tenant_reads(engine)


async def test_a_tenant_is_shown_with_its_limits(reads: Reads, stored: Stored) -> None:
    tenant = await SqlTenantReader(reads).get_tenant(stored.tenant_id)

    assert (tenant.id, tenant.name) == (stored.tenant_id, "Analytical Engines")
    assert (tenant.status, tenant.version) == (TenantStatus.ACTIVE, 1)
    assert (tenant.member_limit, tenant.api_key_limit) == (100, 200)
    assert tenant.created_at == tenant.updated_at == NOW
    with pytest.raises(TenantNotFound):
        await SqlTenantReader(reads).get_tenant(TenantId(new_id()))


async def test_members_are_listed_by_page_in_the_order_in_which_they_joined(
    reads: Reads, begin: Begin, stored: Stored, other: Stored
) -> None:
    second = await store_member(begin, stored.tenant_id, Role.VIEWER)
    third = await store_member(begin, stored.tenant_id, Role.EDITOR)
    reader = SqlMemberReader(reads)

    first_page = await reader.list_members(stored.tenant_id, PageRequest(limit=2))
    last_page = await reader.list_members(stored.tenant_id, PageRequest(limit=2, page=2))
    newest = await reader.list_members(
        stored.tenant_id,
        PageRequest(sort=(SortField(name="joined_at", descending=True),)),
    )

    found = [member.account_id for member in (*first_page.items, *last_page.items)]
    assert found == [stored.account_id, second, third]
    assert (first_page.total, last_page.total) == (3, 3)
    assert [member.account_id for member in newest.items] == found[::-1]
    assert first_page.items[0] == MemberSummary(
        account_id=stored.account_id,
        email=stored.account.email.text,
        name="Ada Lovelace",
        role=Role.OWNER,
        status=AccountStatus.ACTIVE,
        joined_at=NOW,
        version=1,
    )


async def test_one_member_is_shown_to_their_own_tenant_only(
    reads: Reads, stored: Stored, other: Stored
) -> None:
    reader = SqlMemberReader(reads)

    member = await reader.get_member(stored.tenant_id, stored.account_id)
    profile = await reader.get_profile(stored.tenant_id, stored.account_id)

    assert member.role is Role.OWNER
    assert profile == Profile(
        account_id=stored.account_id,
        email=stored.account.email.text,
        name="Ada Lovelace",
        language=Language.ENGLISH,
        role=Role.OWNER,
        created_at=NOW,
    )
    for account_id in (other.account_id, AccountId(new_id())):
        with pytest.raises(MemberNotFound):
            await reader.get_member(stored.tenant_id, account_id)
        with pytest.raises(MemberNotFound):
            await reader.get_profile(stored.tenant_id, account_id)


async def test_keys_are_listed_newest_first_of_one_app_or_of_all(
    reads: Reads, begin: Begin, stored: Stored, other: Stored
) -> None:
    app_id = AppId(new_id())
    keys = [
        a_key(
            tenant_id=stored.tenant_id,
            secret=uuid4().hex,
            app_id=app_id if number else None,
            expires_at=LATER + timedelta(days=1),
            now=NOW + timedelta(minutes=number),
        )
        for number in range(3)
    ]
    keys[2].revoke(by=ADA, now=LATER)
    async with begin(stored.tenant_id) as work:
        for key in keys:
            work.api_keys.add(key)
        await work.commit()
    reader = SqlApiKeyReader(reads)

    everything = await reader.list_api_keys(stored.tenant_id, PageRequest(sort=NEWEST_FIRST))
    bound = await reader.list_api_keys(stored.tenant_id, PageRequest(), app_id=app_id)
    elsewhere = await reader.list_api_keys(other.tenant_id, PageRequest())

    assert [key.id for key in everything.items] == [key.id for key in keys[::-1]]
    assert ([key.id for key in bound.items], bound.total) == ([key.id for key in keys[1:]], 2)
    assert (elsewhere.total, elsewhere.items) == (0, [])
    assert everything.items[0] == ApiKeySummary(
        id=keys[2].id,
        kind=ApiKeyKind.SECRET,
        name="bot",
        hint=keys[2].hint,
        scopes=frozenset({Permission.APP_RUN}),
        app_id=app_id,
        expires_at=LATER + timedelta(days=1),
        last_used_at=None,
        revoked_at=LATER,
        created_by=ADA,
        created_at=NOW + timedelta(minutes=2),
    )
    with pytest.raises(ApiKeyNotFound):
        await reader.get_api_key(other.tenant_id, keys[0].id)
    with pytest.raises(ApiKeyNotFound):
        await reader.get_api_key(stored.tenant_id, ApiKeyId(new_id()))


async def test_an_app_that_is_not_there_is_not_known(reads: Reads, stored: Stored) -> None:
    assert not await SqlKnownApps(reads).has(stored.tenant_id, AppId(new_id()))
