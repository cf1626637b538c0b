"""Readers of identity: straight from SQL to what lists show."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, column, func, select, table

from dify_hex.adapters.persistence.account.rows import (
    AccountRow,
    ApiKeyRow,
    MembershipRow,
    TenantTableRow,
)
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.account.ports import (
    ApiKeyReader,
    KnownApps,
    MemberReader,
    TenantReader,
)
from dify_hex.application.account.read_models import (
    ApiKeySummary,
    MemberSummary,
    Profile,
    TenantDetail,
)
from dify_hex.domain.account.account import AccountStatus, Language
from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.errors import ApiKeyNotFound, MemberNotFound, TenantNotFound
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest

#: Another slice's table; all that is asked of it is whether a row is there.
_APPS = table("apps", column("id"), column("tenant_id"), column("deleted_at"))

_MEMBER_COLUMNS = (
    MembershipRow.account_id,
    AccountRow.email,
    AccountRow.name,
    MembershipRow.role,
    AccountRow.status,
    MembershipRow.created_at.label("joined_at"),
    MembershipRow.version,
)
_KEY_COLUMNS = (
    ApiKeyRow.id,
    ApiKeyRow.kind,
    ApiKeyRow.name,
    ApiKeyRow.hint,
    ApiKeyRow.scopes,
    ApiKeyRow.app_id,
    ApiKeyRow.expires_at,
    ApiKeyRow.last_used_at,
    ApiKeyRow.revoked_at,
    ApiKeyRow.created_by,
    ApiKeyRow.created_at,
)


class SqlTenantReader(TenantReader):
    """Reads the tenant."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def get_tenant(self, tenant_id: TenantId) -> TenantDetail:
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                select(*TenantTableRow.__table__.columns).where(TenantTableRow.id == tenant_id)
            )
            row = result.one_or_none()
        if row is None:
            raise TenantNotFound
        return TenantDetail(
            id=TenantId(row.id),
            name=row.name,
            slug=row.slug,
            status=TenantStatus(row.status),
            member_limit=row.member_limit,
            api_key_limit=row.api_key_limit,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
        )


class SqlMemberReader(MemberReader):
    """Reads members and their accounts."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_members(self, tenant_id: TenantId, page: PageRequest) -> Page[MemberSummary]:
        mine = MembershipRow.tenant_id == tenant_id
        descending = any(field.descending for field in page.sort)
        statement = (
            self._members(mine)
            .order_by(*_ordered(descending, MembershipRow.created_at, MembershipRow.account_id))
            .limit(page.limit)
            .offset(page.offset)
        )
        async with self._reads(tenant_id) as connection:
            total = await connection.scalar(
                select(func.count()).select_from(MembershipRow).where(mine)
            )
            rows = (await connection.execute(statement)).all()
        items = [_member(row) for row in rows]
        return Page(items=items, total=total or 0, page=page.page, limit=page.limit)

    async def get_member(self, tenant_id: TenantId, account_id: AccountId) -> MemberSummary:
        statement = self._members(
            MembershipRow.tenant_id == tenant_id, MembershipRow.account_id == account_id
        )
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise MemberNotFound
        return _member(row)

    async def get_profile(self, tenant_id: TenantId, account_id: AccountId) -> Profile:
        statement = self._members(
            MembershipRow.tenant_id == tenant_id, MembershipRow.account_id == account_id
        ).add_columns(AccountRow.language, AccountRow.created_at)
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise MemberNotFound
        return Profile(
            account_id=AccountId(row.account_id),
            email=row.email,
            name=row.name,
            language=Language(row.language),
            role=Role(row.role),
            created_at=row.created_at,
        )

    def _members(self, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        return (
            select(*_MEMBER_COLUMNS)
            .join(AccountRow, AccountRow.id == MembershipRow.account_id)
            .where(*conditions)
        )


class SqlApiKeyReader(ApiKeyReader):
    """Reads keys."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_api_keys(
        self, tenant_id: TenantId, page: PageRequest, *, app_id: AppId | None = None
    ) -> Page[ApiKeySummary]:
        wanted = [ApiKeyRow.tenant_id == tenant_id]
        if app_id is not None:
            wanted.append(ApiKeyRow.app_id == app_id)
        descending = any(field.descending for field in page.sort)
        statement = (
            select(*_KEY_COLUMNS)
            .where(*wanted)
            .order_by(*_ordered(descending, ApiKeyRow.created_at, ApiKeyRow.id))
            .limit(page.limit)
            .offset(page.offset)
        )
        async with self._reads(tenant_id) as connection:
            total = await connection.scalar(
                select(func.count()).select_from(ApiKeyRow).where(*wanted)
            )
            rows = (await connection.execute(statement)).all()
        items = [_api_key(row) for row in rows]
        return Page(items=items, total=total or 0, page=page.page, limit=page.limit)

    async def get_api_key(self, tenant_id: TenantId, api_key_id: ApiKeyId) -> ApiKeySummary:
        statement = select(*_KEY_COLUMNS).where(
            ApiKeyRow.tenant_id == tenant_id, ApiKeyRow.id == api_key_id
        )
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise ApiKeyNotFound
        return _api_key(row)


class SqlKnownApps(KnownApps):
    """Looks whether an app is there."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def has(self, tenant_id: TenantId, app_id: AppId) -> bool:
        statement = select(_APPS.c.id).where(
            _APPS.c.tenant_id == tenant_id, _APPS.c.id == app_id, _APPS.c.deleted_at.is_(None)
        )
        async with self._reads(tenant_id) as connection:
            return await connection.scalar(statement) is not None


def _ordered(descending: bool, *columns: Any) -> Sequence[Any]:
    return [item.desc() if descending else item.asc() for item in columns]


def _member(row: Row[*tuple[Any, ...]]) -> MemberSummary:
    return MemberSummary(
        account_id=AccountId(row.account_id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        status=AccountStatus(row.status),
        joined_at=row.joined_at,
        version=row.version,
    )


def _api_key(row: Row[*tuple[Any, ...]]) -> ApiKeySummary:
    return ApiKeySummary(
        id=ApiKeyId(row.id),
        kind=ApiKeyKind(row.kind),
        name=row.name,
        hint=row.hint,
        scopes=frozenset(map(Permission, row.scopes)),
        app_id=None if row.app_id is None else AppId(row.app_id),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        created_by=None if row.created_by is None else AccountId(row.created_by),
        created_at=row.created_at,
    )
