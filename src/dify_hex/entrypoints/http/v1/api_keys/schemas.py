"""API keys on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from dify_hex.application.account.create_api_key import CreateApiKeyCommand
from dify_hex.application.account.read_models import ApiKeySummary
from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.names import MAX_NAME
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId
from dify_hex.entrypoints.http.envelope import Schema


class CreateApiKeyRequest(Schema):
    """What the key is called, what it may do, for which app, until when."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)] = Field(
        examples=["production bot"]
    )
    scopes: Annotated[Sequence[Permission], Field(min_length=1, max_length=len(Permission))] = (
        Field(examples=[["app:run", "conversation:read"]])
    )
    app_id: UUID | None = Field(None, description="Binds the key to one app.")
    expires_at: AwareDatetime | None = Field(None, description="Without it the key stays good.")

    def to_command(self) -> CreateApiKeyCommand:
        return CreateApiKeyCommand(
            name=self.name,
            scopes=frozenset(self.scopes),
            app_id=None if self.app_id is None else AppId(self.app_id),
            expires_at=self.expires_at,
        )


class ApiKeyResponse(Schema):
    """A key without its secret."""

    id: UUID
    kind: ApiKeyKind
    name: str
    hint: str = Field(description="Enough of the key to recognise it.", examples=["sk-3fQz…9aXk"])
    scopes: Sequence[Permission]
    app_id: UUID | None
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None
    created_by: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, key: ApiKeySummary) -> Self:
        return cls(**_fields(key))


class CreatedApiKeyResponse(ApiKeyResponse):
    """A new key with its secret, which is told here and never again."""

    secret: str | None = Field(description="Null when the request is repeated.")

    @classmethod
    def showing(cls, key: ApiKeySummary, secret: str | None) -> Self:
        return cls(**_fields(key), secret=secret)


def _fields(key: ApiKeySummary) -> dict[str, object]:
    return {
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "app_id": key.app_id,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
        "created_by": key.created_by,
        "created_at": key.created_at,
    }
