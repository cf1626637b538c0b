"""What is shown of apps: frozen, and ready for the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.app.secret import AppSecret
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId, AppVersionId
from dify_hex.domain.shared.values.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class AppView:
    """An app without its configuration; `published_version` is a number, None before the first."""

    id: AppId
    name: str
    slug: str
    description: str
    icon: str
    mode: AppMode
    status: AppStatus
    published_version: int | None
    draft_version: int
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime

    @classmethod
    def of(cls, app: App) -> Self:
        """The view of an app that was just changed."""
        state = app.state
        return cls(
            id=app.id,
            name=state.profile.name,
            slug=state.profile.slug,
            description=state.profile.description,
            icon=state.profile.icon,
            mode=app.mode,
            status=state.status,
            published_version=None if state.published is None else state.published.number,
            draft_version=state.draft.version,
            version=app.version,
            created_at=state.created_at,
            created_by=state.created_by,
            updated_at=state.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft, and everything that keeps it from being published."""

    app_id: AppId
    configuration: Configuration
    version: int
    updated_at: datetime
    updated_by: UUID | None
    faults: Sequence[Fault]

    @classmethod
    def of(cls, app: App, faults: Sequence[Fault]) -> Self:
        """The view of an app's draft."""
        draft = app.state.draft
        return cls(
            app_id=app.id,
            configuration=draft.configuration,
            version=draft.version,
            updated_at=draft.updated_at,
            updated_by=draft.updated_by,
            faults=faults,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersionView:
    """A published version without its configuration."""

    id: AppVersionId
    number: int
    label: str
    note: str
    graph_hash: str
    published_at: datetime
    published_by: UUID | None

    @classmethod
    def of(cls, version: AppVersion) -> Self:
        """The view of a version that was just published."""
        return cls(
            id=version.id,
            number=version.number,
            label=version.label,
            note=version.note,
            graph_hash=version.graph_hash,
            published_at=version.published_at,
            published_by=version.published_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppVersionDetail:
    """A published version with its configuration."""

    summary: AppVersionView
    configuration: Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecretView:
    """A secret without its value."""

    name: str
    updated_at: datetime
    updated_by: UUID | None

    @classmethod
    def of(cls, secret: AppSecret) -> Self:
        """The view of a secret that is kept."""
        return cls(name=secret.name, updated_at=secret.updated_at, updated_by=secret.updated_by)
