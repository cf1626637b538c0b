"""What happens to apps and others may react to."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import AppId, AppVersionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCreated(DomainEvent):
    """An app was made."""

    name: ClassVar[str] = "app.created"

    app_id: AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPublished(DomainEvent):
    """A draft became an immutable version, and is what callers now talk to."""

    name: ClassVar[str] = "app.published"

    app_id: AppId
    version_id: AppVersionId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppArchived(DomainEvent):
    """An app was taken out of use."""

    name: ClassVar[str] = "app.archived"

    app_id: AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppUnarchived(DomainEvent):
    """An archived app was brought back into use."""

    name: ClassVar[str] = "app.unarchived"

    app_id: AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDeleted(DomainEvent):
    """An app was deleted; its conversations and runs stay for the record."""

    name: ClassVar[str] = "app.deleted"

    app_id: AppId
