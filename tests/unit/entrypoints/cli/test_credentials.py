"""Where sign-ins are kept, and who can read them."""

import json
import os
import stat
from pathlib import Path

import pytest

from dify_hex.entrypoints.cli.credentials import CredentialsFile, Login, Logins
from dify_hex.entrypoints.cli.failures import CommandFailed
from dify_hex.entrypoints.cli.target import api_url, language_of

HERE, THERE = "http://127.0.0.1:8000", "https://there.example.com"
LOGIN = Login(
    email="ada@example.com",
    tenant_id="t",
    access_token="access",
    refresh_token="refresh",
    expires_at=12.5,
)


@pytest.fixture
def file(tmp_path: Path) -> CredentialsFile:
    return CredentialsFile.of({"XDG_CONFIG_HOME": str(tmp_path / "config")})


def test_only_its_owner_can_read_it_whatever_the_umask(file: CredentialsFile) -> None:
    before = os.umask(0)
    try:
        file.write(Logins().having(HERE, LOGIN))
        with file.locked():
            pass
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()}
    assert modes == {"credentials": 0o600, "credentials.lock": 0o600}
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_what_was_written_is_read(file: CredentialsFile) -> None:
    file.write(Logins().having(HERE, LOGIN))

    assert file.read() == Logins(HERE, {HERE: LOGIN})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"logins": {"x": {}}, "current": null}', "\xff"])
def test_what_cannot_be_read_counts_as_not_signed_in(file: CredentialsFile, text: str) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text(text)

    assert file.read() == Logins()


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    file: CredentialsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(Logins().having(HERE, LOGIN))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(OSError, match="No space"):
        file.write(Logins())

    assert file.read().current == HERE
    assert [path.name for path in file.path.parent.iterdir()] == ["credentials"]


def test_signing_out_falls_back_to_another_sign_in() -> None:
    logins = Logins().having(HERE, LOGIN).having(THERE, LOGIN)

    assert logins.current == THERE
    assert logins.without(THERE).current == HERE
    assert logins.without(HERE).current == THERE
    assert logins.without(HERE).without(THERE) == Logins()


def test_tokens_are_not_in_the_text_of_a_sign_in() -> None:
    assert "access'" not in repr(LOGIN)
    assert "refresh'" not in repr(LOGIN)


def test_the_url_is_the_given_one_then_the_environments_then_the_last_sign_ins() -> None:
    logins = Logins().having(THERE, LOGIN)
    environment = {"DIFY_HEX_URL": "http://env:1/"}

    assert api_url(environment, logins, "http://given:2") == "http://given:2"
    assert api_url(environment, logins) == "http://env:1"
    assert api_url({}, logins) == THERE
    assert api_url({"DIFY_HEX_PORT": "9"}, Logins()) == "http://127.0.0.1:9"
    assert api_url({}, Logins()) == HERE


def test_what_is_no_url_is_a_usage_error() -> None:
    with pytest.raises(CommandFailed, match="not the URL"):
        api_url({"DIFY_HEX_URL": "localhost:8000"}, Logins())


def test_messages_come_in_the_language_of_the_terminal() -> None:
    assert language_of({"LANG": "zh_CN.UTF-8"}) == "zh-CN"
    assert language_of({"LC_ALL": "en_GB", "LANG": "zh_CN"}) == "en"
    assert language_of({}) == "en"
