"""An app version: a configuration that was published and never changes again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersion:
    """One published configuration, numbered from 1 in its app.

    `graph_hash` names the graph it was turned into; runs of the version pin it. `label` and `note`
    are the publisher's words about it.
    """

    id: AppVersionId
    tenant_id: TenantId
    app_id: AppId
    number: int
    configuration: Configuration
    graph_hash: str
    label: str
    note: str
    published_at: datetime
    published_by: UUID | None
