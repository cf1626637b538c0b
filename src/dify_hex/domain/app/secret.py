"""A secret of an app: a value that its graph uses by name and nobody reads again."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dify_hex.domain.app.errors import AppSecretInvalid
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.secret_text import SecretText

#: How many secrets an app may have, and how long each may be, in characters.
MAX_SECRETS = 100
MAX_SECRET_LENGTH = 32_768

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecret:
    """A secret as it is kept: sealed, so that only the holder of the master key can open it."""

    app_id: AppId
    name: str
    sealed: bytes = field(repr=False)
    updated_at: datetime
    updated_by: UUID | None

    @property
    def context(self) -> str:
        """What the seal is bound to: opened for another app or name, it is worthless."""
        return sealing_context(self.app_id, self.name)


def sealing_context(app_id: AppId, name: str) -> str:
    """What the seal of an app's secret is bound to."""
    return f"app:{app_id}:{name}"


def check_secret(name: str, value: SecretText) -> None:
    """Refuse what cannot be a secret.

    Raises:
        AppSecretInvalid: with the field that is wrong.
    """
    if not _NAME.fullmatch(name):
        raise AppSecretInvalid(field="name")
    if not 1 <= len(value.reveal()) <= MAX_SECRET_LENGTH:
        raise AppSecretInvalid(field="value", most=MAX_SECRET_LENGTH)
