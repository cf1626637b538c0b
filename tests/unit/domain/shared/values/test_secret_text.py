"""A secret shows itself only to whoever asks for it by name."""

import copy
import logging

import pytest

from dify_hex.domain.shared.values.secret_text import SecretText

KEY = "sk-abcdefghijklmnopqrstuvwxyz"


def test_only_asking_for_it_shows_a_secret() -> None:
    secret = SecretText(KEY)
    assert secret.reveal() == KEY
    shown = f"{secret} {secret!r} {[secret]} %s" % secret
    assert "abcdef" not in shown


def test_a_secret_stays_out_of_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("key %s in %r", SecretText(KEY), ValueError(SecretText(KEY)))
    assert "abcdef" not in caplog.text


def test_a_hint_is_both_ends_of_a_long_secret() -> None:
    assert SecretText(KEY).hint == "sk-a…wxyz"


@pytest.mark.parametrize("text", ["", "short", "fifteen-letters"])
def test_a_short_secret_gives_nothing_away(text: str) -> None:
    assert SecretText(text).hint == "…"


def test_secrets_are_equal_by_their_text() -> None:
    assert SecretText(KEY) == SecretText(KEY)
    assert SecretText(KEY) != SecretText("other")
    assert SecretText(KEY) != KEY
    assert len({SecretText(KEY), SecretText(KEY)}) == 1


def test_a_secret_is_never_serialised() -> None:
    with pytest.raises(TypeError):
        copy.deepcopy(SecretText(KEY))
