"""What apps have said of their runs, in one unit of work."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from dify_hex.adapters.persistence.app.rows import AppRunRetentionRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.application.app.run_retention import RunRetentions
from dify_hex.domain.app.run_retention import RunRetention
from dify_hex.domain.shared.ids import AppId


class SqlRunRetentions(RunRetentions):
    """Those of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def of(self, app_id: AppId) -> RunRetention:
        """What the app has said."""
        row = await self._scope.session.scalar(
            select(AppRunRetentionRow).where(
                AppRunRetentionRow.tenant_id == self._scope.tenant_id,
                AppRunRetentionRow.app_id == app_id,
            )
        )
        if row is None:
            return RunRetention()
        return RunRetention(keep_days=row.keep_days, keep_runs=row.keep_runs)

    async def keep(self, app_id: AppId, retention: RunRetention) -> None:
        """Keep it, in place of what was said before."""
        said = {"keep_days": retention.keep_days, "keep_runs": retention.keep_runs}
        await self._scope.session.execute(
            upsert(AppRunRetentionRow)
            .values(tenant_id=self._scope.tenant_id, app_id=app_id, **said)
            .on_conflict_do_update(index_elements=["app_id"], set_=said)
        )
