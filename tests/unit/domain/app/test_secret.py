"""Secrets of apps: what can be one, and what its seal is bound to."""

from uuid import UUID

import pytest

from dify_hex.domain.app.errors import AppSecretInvalid
from dify_hex.domain.app.secret import MAX_SECRET_LENGTH, AppSecret, check_secret
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.app import NOW


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("", "x", "name"),
        ("1A", "x", "name"),
        ("A" * 65, "x", "name"),
        ("A", "", "value"),
        ("A", "x" * (MAX_SECRET_LENGTH + 1), "value"),
    ],
)
def test_what_cannot_be_a_secret_is_refused(name: str, value: str, field: str) -> None:
    with pytest.raises(AppSecretInvalid) as refused:
        check_secret(name, SecretText(value))

    assert refused.value.details["field"] == field


def test_a_seal_is_bound_to_app_and_name_and_is_not_shown() -> None:
    check_secret("TOKEN", SecretText("x"))
    secret = AppSecret(
        app_id=AppId(UUID(int=7)), name="TOKEN", sealed=b"sealed", updated_at=NOW, updated_by=None
    )

    assert secret.context == f"app:{UUID(int=7)}:TOKEN"
    assert "sealed" not in repr(secret)
