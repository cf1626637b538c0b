"""Finding somebody before the tenant is known."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.account.directory import (
    SqlCredentialLookup,
    SqlSignInDirectory,
)
from dify_hex.adapters.persistence.account.sweep import forget_ended_sessions
from dify_hex.adapters.persistence.transactions import Reads, tenant_reads
from dify_hex.application.account.ports import (
    ApiKeyGrant,
    LinkPlace,
    LoginCandidate,
    SessionGrant,
    SessionPlace,
)
from dify_hex.application.account.read_models import TenantMembership
from dify_hex.application.account.secret_texts import hash_of
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import AccountId, AppId, SessionId
from tests.builders.account import (
    LATER,
    NOW,
    OWNER_PERMISSIONS,
    a_key,
    a_membership,
    a_password_link,
    a_session,
    a_setup_link,
)
from tests.builders.stored_identity import Begin, Stored, store_session


@pytest.fixture
def lookup(pool: asyncpg.Pool) -> SqlCredentialLookup:
    return SqlCredentialLookup(pool)


@pytest.fixture
def directory(pool: asyncpg.Pool) -> SqlSignInDirectory:
    return SqlSignInDirectory(pool)


@pytest.fixture
def reads(engine: AsyncEngine) -> Reads:
    return tenant_reads(engine)


async def grant_of(
    lookup: SqlCredentialLookup, session: Session, **changes: object
) -> SessionGrant | None:
    wanted = {
        "session_id": session.id,
        "account_id": session.account_id,
        "tenant_id": session.tenant_id,
        **changes,
    }
    return await lookup.find_open_session(**wanted)  # type: ignore[arg-type] # a shorthand


async def suspend(begin: Begin, stored: Stored) -> None:
    async with begin(stored.tenant_id) as work:
        (await work.tenants.get()).set_status(TenantStatus.SUSPENDED, now=LATER)
        await work.commit()


async def test_a_key_is_found_by_its_hash_with_everything_that_decides(
    lookup: SqlCredentialLookup, begin: Begin, stored: Stored
) -> None:
    secret, app_id = uuid4().hex, AppId(new_id())
    key = a_key(tenant_id=stored.tenant_id, secret=secret, app_id=app_id, expires_at=LATER)
    key.revoke(by=None, now=LATER)
    async with begin(stored.tenant_id) as work:
        work.api_keys.add(key)
        await work.commit()

    assert await lookup.find_api_key(hash_of(secret)) == ApiKeyGrant(
        api_key_id=key.id,
        tenant_id=stored.tenant_id,
        scopes=frozenset({Permission.APP_RUN}),
        app_id=app_id,
        expires_at=LATER,
        revoked_at=LATER,
        tenant_active=True,
    )
    await suspend(begin, stored)
    suspended = await lookup.find_api_key(hash_of(secret))
    assert suspended is not None
    assert not suspended.tenant_active
    assert await lookup.find_api_key(hash_of("made up")) is None


async def test_a_scope_that_no_longer_exists_grants_nothing(
    lookup: SqlCredentialLookup, begin: Begin, stored: Stored, owner: asyncpg.Connection
) -> None:
    secret = uuid4().hex
    key = a_key(tenant_id=stored.tenant_id, secret=secret)
    async with begin(stored.tenant_id) as work:
        work.api_keys.add(key)
        await work.commit()
    async with owner.transaction():
        await owner.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
        await owner.execute("UPDATE api_keys SET scopes = '{moon:walk}' WHERE id = $1", key.id)
        await owner.execute("ALTER TABLE api_keys FORCE ROW LEVEL SECURITY")

    grant = await lookup.find_api_key(hash_of(secret))

    assert grant is not None
    assert grant.scopes == frozenset()


async def test_an_open_session_has_the_role_of_this_moment(
    lookup: SqlCredentialLookup, begin: Begin, stored: Stored
) -> None:
    session = await store_session(begin, stored)

    assert await grant_of(lookup, session) == SessionGrant(role=Role.OWNER, tenant_active=True)
    assert await grant_of(lookup, session, account_id=AccountId(new_id())) is None
    assert await grant_of(lookup, session, session_id=SessionId(new_id())) is None
    await suspend(begin, stored)
    assert await grant_of(lookup, session) == SessionGrant(role=Role.OWNER, tenant_active=False)


async def test_an_ended_session_is_not_found(
    lookup: SqlCredentialLookup, begin: Begin, stored: Stored
) -> None:
    revoked, older = await store_session(begin, stored), await store_session(begin, stored)
    async with begin(stored.tenant_id) as work:
        (await work.sessions.get(revoked.id)).revoke(now=LATER)
        await work.commit()
    assert await grant_of(lookup, revoked) is None

    async with begin(stored.tenant_id) as work:
        account = await work.accounts.get(stored.account_id)
        account.log_out_everywhere(tenant_id=stored.tenant_id, now=NOW)
        await work.commit()
    assert await grant_of(lookup, older) is None


async def test_the_session_of_a_member_who_left_and_came_back_is_not_found(
    lookup: SqlCredentialLookup, begin: Begin, stored: Stored
) -> None:
    session = await store_session(begin, stored)
    async with begin(stored.tenant_id) as work:
        membership = await work.memberships.get(stored.account_id)
        membership.end(granted=OWNER_PERMISSIONS, by=None, owners=2, now=LATER)
        await work.memberships.remove(membership)
        await work.commit()
    assert await grant_of(lookup, session) is None

    async with begin(stored.tenant_id) as work:
        work.memberships.add(
            a_membership(account_id=stored.account_id, tenant_id=stored.tenant_id, now=LATER)
        )
        await work.commit()
    assert await grant_of(lookup, session) is None


async def test_somebody_is_found_by_e_mail_with_their_tenants_in_order(
    directory: SqlSignInDirectory, begin: Begin, stored: Stored, other: Stored
) -> None:
    async with begin(other.tenant_id) as work:
        work.memberships.add(
            a_membership(
                Role.VIEWER,
                account_id=stored.account_id,
                tenant_id=other.tenant_id,
                now=NOW - timedelta(days=1),
            )
        )
        await work.commit()

    email = stored.account.email
    assert await directory.find_login(email) == LoginCandidate(
        account_id=stored.account_id,
        password_hash="hash",
        tenants=(other.tenant_id, stored.tenant_id),
    )
    assert await directory.find_account(email) == stored.account_id
    tenants = await directory.tenants_of(stored.account_id)
    assert [tenant.tenant_id for tenant in tenants] == [other.tenant_id, stored.tenant_id]
    assert tenants[1] == TenantMembership(
        tenant_id=stored.tenant_id,
        name="Analytical Engines",
        slug=f"analytical-engines-{stored.tenant_id.hex[-8:]}",
        status=TenantStatus.ACTIVE,
        role=Role.OWNER,
    )
    nobody = EmailAddress(f"{uuid4().hex}@example.com")
    assert await directory.find_login(nobody) is None
    assert await directory.find_account(nobody) is None


async def test_a_session_is_found_by_its_family(
    directory: SqlSignInDirectory, begin: Begin, stored: Stored
) -> None:
    session = await store_session(begin, stored)

    place = SessionPlace(session_id=session.id, tenant_id=stored.tenant_id)
    assert await directory.find_session(session.family_hash) == place
    assert await directory.find_session(session.token_hash) is None


async def test_a_link_is_found_by_its_token(
    directory: SqlSignInDirectory, begin: Begin, stored: Stored
) -> None:
    now = datetime.now(UTC)
    token, over = uuid4().hex, uuid4().hex
    link = a_password_link(token=token, tenant_id=stored.tenant_id, account_id=stored.account_id)
    used = a_setup_link(token=over, tenant_id=stored.tenant_id)
    used.use_for_set_up(now=LATER)
    async with begin(stored.tenant_id) as work:
        work.one_time_links.add(link)
        work.one_time_links.add(used)
        await work.commit()

    assert await directory.find_link(hash_of(token)) == LinkPlace(
        link_id=link.id,
        tenant_id=stored.tenant_id,
        purpose=LinkPurpose.SET_PASSWORD,
        email=stored.account.email.text,
        is_over=link.expires_at <= now,
    )
    spent = await directory.find_link(hash_of(over))
    assert spent is not None
    assert (spent.email, spent.is_over) == (None, True)
    assert await directory.find_link(hash_of("made up")) is None


async def test_a_lost_database_is_told_in_our_words(pool: asyncpg.Pool) -> None:
    await pool.close()

    with pytest.raises(Unavailable):
        await SqlCredentialLookup(pool).find_api_key(b"x")


async def test_links_to_set_up_are_forgotten_and_those_to_accounts_are_not(
    system_pool: asyncpg.Pool, directory: SqlSignInDirectory, begin: Begin, stored: Stored
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=62)
    gone = a_setup_link(token=uuid4().hex, tenant_id=stored.tenant_id, now=long_ago)
    kept = a_password_link(
        token=uuid4().hex,
        tenant_id=stored.tenant_id,
        account_id=stored.account_id,
        now=long_ago,
    )
    async with begin(stored.tenant_id) as work:
        work.one_time_links.add(gone)
        work.one_time_links.add(kept)
        await work.commit()

    await forget_ended_sessions(system_pool)

    assert await directory.find_link(gone.token_hash) is None
    async with begin(stored.tenant_id) as work:
        assert await work.one_time_links.was_given(stored.account_id)


async def test_sessions_are_forgotten_a_month_after_their_end(
    system_pool: asyncpg.Pool, directory: SqlSignInDirectory, begin: Begin, stored: Stored
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=62)
    gone = a_session(
        id=SessionId(new_id()),
        tenant_id=stored.tenant_id,
        account_id=stored.account_id,
        family=uuid4().bytes,
        now=long_ago,
    )
    kept = await store_session(begin, stored)
    async with begin(stored.tenant_id) as work:
        work.sessions.add(gone)
        await work.commit()

    await forget_ended_sessions(system_pool)

    assert await directory.find_session(gone.family_hash) is None
    assert await directory.find_session(kept.family_hash) is not None
