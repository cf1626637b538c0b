"""Facts that have happened in the domain and that others may react to, once they are committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from dify_hex.domain.shared.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Something that happened to an aggregate of one tenant, named in the past tense.

    `name` is stable and public (`app.published`); the outbox stores events under it.
    """

    name: ClassVar[str]

    tenant_id: TenantId
    occurred_at: datetime
