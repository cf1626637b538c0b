"""What a repository works with inside one unit of work."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from dify_hex.adapters.persistence.tracker import Tracker
from dify_hex.domain.shared.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkScope:
    """The tenant, the open session and the tracker of one unit of work."""

    tenant_id: TenantId
    session: AsyncSession
    tracker: Tracker
