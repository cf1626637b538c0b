"""What an app remembers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.shared.ids import AppVersionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppProfile:
    """How an app presents itself: what people see, and the slug that stands in addresses."""

    name: str
    slug: str
    description: str = ""
    #: An emoji, or an address of an image.
    icon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The configuration being edited; its version counts the edits, from 1."""

    configuration: Configuration
    version: int
    updated_at: datetime
    updated_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Which version callers talk to."""

    version_id: AppVersionId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """Everything an app remembers, as it is stored and loaded."""

    profile: AppProfile
    draft: Draft
    published: Published | None
    status: AppStatus
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    deleted_at: datetime | None = None
