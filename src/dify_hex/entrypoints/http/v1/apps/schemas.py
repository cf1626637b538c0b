"""Apps on the wire."""

import operator
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.app.create_app import CreateAppCommand
from dify_hex.application.app.describe_app import DescribeAppCommand
from dify_hex.application.app.publish_app import PublishAppCommand
from dify_hex.application.app.read_models import (
    AppVersionDetail,
    AppVersionView,
    AppView,
    DraftView,
)
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.apps.configuration import (
    ConfigurationBody,
    ShownConfiguration,
    configuration_body,
)

#: Characters of the label that a version is published with.
MAX_VERSION_LABEL = 100

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_Description = Annotated[str, StringConstraints(max_length=2_000)]
_Icon = Annotated[str, StringConstraints(max_length=500)]
_is_none = partial(operator.is_, None)
_VersionLabel = Annotated[str, StringConstraints(max_length=MAX_VERSION_LABEL)]
_Slug = Annotated[str, StringConstraints(min_length=3, max_length=80)]


class CreateAppRequest(Schema):
    """A new app; without a configuration it begins with one that works."""

    name: _Name = Field(examples=["Support bot"])
    mode: AppMode = Field(
        AppMode.CHAT, description="chat, completion, chatflow and workflow are offered."
    )
    description: _Description = ""
    icon: _Icon = Field("", examples=["🤖"])
    configuration: ConfigurationBody | None = None

    def to_command(self) -> CreateAppCommand:
        """What to make."""
        return CreateAppCommand(
            name=self.name,
            mode=self.mode,
            description=self.description,
            icon=self.icon,
            configuration=None if self.configuration is None else self.configuration.to_domain(),
        )


class DescribeAppRequest(Schema):
    """What to change; what is left out stays."""

    name: _Name | None = None
    slug: _Slug | None = Field(None, examples=["support-bot"])
    description: _Description | None = None
    icon: _Icon | None = None

    def to_command(self, app_id: UUID, expected_version: int | None) -> DescribeAppCommand:
        """What to change of which app."""
        return DescribeAppCommand(
            app_id=AppId(app_id),
            name=self.name,
            slug=self.slug,
            description=self.description,
            icon=self.icon,
            expected_version=expected_version,
        )


class PublishAppRequest(Schema):
    """The publisher's words about the version."""

    label: _VersionLabel = Field("", examples=["1.0"])
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""

    def to_command(self, app_id: UUID, expected_draft_version: int | None) -> PublishAppCommand:
        """What to publish."""
        return PublishAppCommand(
            app_id=AppId(app_id),
            label=self.label,
            note=self.note,
            expected_draft_version=expected_draft_version,
        )


class AppResponse(Schema):
    """An app; its configuration is at `…/draft` and `…/versions`."""

    id: UUID
    name: str
    slug: str
    description: str
    icon: str
    mode: AppMode
    status: AppStatus
    published_version: int | None = Field(description="None before the first is published.")
    draft_version: int
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime

    @classmethod
    def of(cls, app: AppView) -> Self:
        """The wire form."""
        return cls(
            id=app.id,
            name=app.name,
            slug=app.slug,
            description=app.description,
            icon=app.icon,
            mode=app.mode,
            status=app.status,
            published_version=app.published_version,
            draft_version=app.draft_version,
            version=app.version,
            created_at=app.created_at,
            created_by=app.created_by,
            updated_at=app.updated_at,
        )


class FaultResponse(Schema):
    """One thing that keeps a draft from being published."""

    code: str = Field(examples=["prompt_variable_undeclared"])
    path: str = Field(examples=["prompt.text"])
    message: str
    node_id: str | None = Field(
        None, description="The node of the graph that has it.", exclude_if=_is_none
    )
    field: str | None = Field(None, description="The field of that node.", exclude_if=_is_none)

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """The wire form."""
        return cls.model_validate(fault, from_attributes=True)


class DraftResponse(Schema):
    """The draft; its version is the ETag that a change has to name."""

    configuration: ShownConfiguration
    version: int
    faults: Sequence[FaultResponse]
    updated_at: datetime
    updated_by: UUID | None

    @classmethod
    def of(cls, draft: DraftView) -> Self:
        """The wire form."""
        return cls(
            configuration=configuration_body(draft.configuration),
            version=draft.version,
            faults=[FaultResponse.of(fault) for fault in draft.faults],
            updated_at=draft.updated_at,
            updated_by=draft.updated_by,
        )


class AppVersionResponse(Schema):
    """A published version."""

    id: UUID
    number: int
    label: str
    note: str
    graph_hash: str
    published_at: datetime
    published_by: UUID | None

    @classmethod
    def of(cls, version: AppVersionView) -> Self:
        """The wire form."""
        return cls.model_validate(version, from_attributes=True)


class AppVersionDetailResponse(AppVersionResponse):
    """A published version with its configuration."""

    configuration: ShownConfiguration

    @classmethod
    def of_detail(cls, version: AppVersionDetail) -> Self:
        """The wire form."""
        summary = version.summary
        return cls(
            id=summary.id,
            number=summary.number,
            label=summary.label,
            note=summary.note,
            graph_hash=summary.graph_hash,
            published_at=summary.published_at,
            published_by=summary.published_by,
            configuration=configuration_body(version.configuration),
        )
