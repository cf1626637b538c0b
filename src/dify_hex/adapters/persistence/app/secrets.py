"""Sealed secrets of apps in one unit of work."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dify_hex.adapters.persistence.app.rows import AppSecretRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.app.errors import AppSecretNotFound
from dify_hex.domain.app.repository import AppSecretRepository
from dify_hex.domain.app.secret import AppSecret
from dify_hex.domain.shared.ids import AppId


class SqlAppSecretRepository(AppSecretRepository):
    """The secrets of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def of(self, app_id: AppId) -> Sequence[AppSecret]:
        """Every secret of the app, by name."""
        rows = await self._scope.session.scalars(
            select(AppSecretRow)
            .where(AppSecretRow.tenant_id == self._scope.tenant_id, AppSecretRow.app_id == app_id)
            .order_by(AppSecretRow.name)
        )
        return [
            AppSecret(
                app_id=AppId(row.app_id),
                name=row.name,
                sealed=row.sealed,
                updated_at=row.updated_at,
                updated_by=row.updated_by,
            )
            for row in rows
        ]

    async def keep(self, secret: AppSecret) -> None:
        """Keep it, in place of one of the same name."""
        changing = {
            "sealed": secret.sealed,
            "updated_at": secret.updated_at,
            "updated_by": secret.updated_by,
        }
        await self._scope.session.execute(
            upsert(AppSecretRow)
            .values(
                tenant_id=self._scope.tenant_id,
                app_id=secret.app_id,
                name=secret.name,
                **changing,
            )
            .on_conflict_do_update(index_elements=["app_id", "name"], set_=changing)
        )

    async def remove(self, app_id: AppId, name: str) -> None:
        """Let go of it."""
        gone = await self._scope.session.execute(
            delete(AppSecretRow)
            .where(
                AppSecretRow.tenant_id == self._scope.tenant_id,
                AppSecretRow.app_id == app_id,
                AppSecretRow.name == name,
            )
            .returning(AppSecretRow.name)
        )
        if gone.one_or_none() is None:
            raise AppSecretNotFound

    async def remove_all(self, app_id: AppId) -> None:
        """Let go of every secret of the app."""
        await self._scope.session.execute(
            delete(AppSecretRow).where(
                AppSecretRow.tenant_id == self._scope.tenant_id, AppSecretRow.app_id == app_id
            )
        )
