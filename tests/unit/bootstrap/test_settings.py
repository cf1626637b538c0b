"""Settings come from the environment and from nowhere else."""

from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from dify_hex.bootstrap.endpoints import NotConfigured, endpoints_of
from dify_hex.bootstrap.home import default_home
from dify_hex.bootstrap.settings import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in os.environ:
        if name.startswith("DIFY_HEX_") or name in {"DATABASE_URL", "REDIS_URL", "PORT"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DIFY_HEX_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_the_defaults_serve_on_this_machine_only() -> None:
    settings = Settings()

    assert (settings.server.bind, settings.server.port) == ("127.0.0.1", 8000)
    assert (settings.server.metrics_bind, settings.server.metrics_port) == ("127.0.0.1", 9464)
    assert settings.run.foreground_limit == 500
    assert settings.run.resume_window == 20
    assert settings.server.max_body_bytes == 1 << 20


def test_each_section_has_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFY_HEX_RUN_RESUME_WINDOW", "0")
    monkeypatch.setenv("DIFY_HEX_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("DIFY_HEX_MODEL_URL", "http://models:8080/v1")
    monkeypatch.setenv("DIFY_HEX_CORS_ORIGINS", "https://a.example, https://b.example")

    settings = Settings()

    assert settings.run.resume_window == 0
    assert settings.log.level == "DEBUG"
    assert settings.model.url == "http://models:8080/v1"
    assert settings.server.cors_origins == ("https://a.example", "https://b.example")


def test_blocked_extensions_are_written_with_or_without_their_dots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFY_HEX_FILE_BLOCKED_EXTENSIONS", ".EXE, bat,, .tar.gz")
    monkeypatch.setenv("DIFY_HEX_FILE_KEEP_DAYS", "7")

    files = Settings().file

    assert files.blocked_extensions == ("exe", "bat", "tar.gz")
    assert (files.keep_days, files.image_megabytes) == (7, 10)


def test_our_port_comes_before_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8080")
    assert Settings().server.port == 8080

    monkeypatch.setenv("DIFY_HEX_PORT", "9000")
    assert Settings().server.port == 9000


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DIFY_HEX_PORT", "")

    assert Settings().database_url is None
    assert Settings().server.port == 8000


def test_an_env_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DIFY_HEX_PORT=1234\n")

    assert Settings().server.port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIFY_HEX_PORT", "70000"),
        ("DIFY_HEX_FILE_KEEP_DAYS", "0"),
        ("DIFY_HEX_FILE_UPLOAD_TIMEOUT", "7200"),
        ("DIFY_HEX_TRUSTED_PROXIES", "not-a-network"),
        ("DIFY_HEX_LOG_LEVEL", "LOUD"),
        ("DIFY_HEX_RUN_RESUME_WINDOW", "-1"),
    ],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError):
        Settings()


def test_secrets_do_not_show_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:pa55word@db/x")
    monkeypatch.setenv("DIFY_HEX_MODEL_API_KEY", "sk-hidden-key-value")

    assert "pa55word" not in repr(Settings())
    assert "sk-hidden" not in repr(Settings())


def test_root_and_others_have_different_homes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_home() == Path("/var/lib/dify-hex")

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_home() == Path.home() / ".local" / "share" / "dify-hex"


def test_the_key_lives_in_the_home_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Settings().secret_key_path == tmp_path / "secret.key"

    monkeypatch.setenv("DIFY_HEX_SECRET_KEY_FILE", "/run/secrets/key")
    assert Settings().secret_key_path == Path("/run/secrets/key")


def _write_parts(tmp_path: Path, **parts: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts.json").write_bytes(orjson.dumps(parts))


ALL_PARTS = {
    "database_url": "postgresql://embedded/app",
    "database_admin_url": "postgresql://embedded/owner",
    "database_system_url": "postgresql://embedded/system",
    "redis_url": "unix:///run/valkey.sock",
    "model_url": "http://127.0.0.1:4000/v1",
    "model_api_key": "local-key",
}


def test_running_parts_complete_what_is_not_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _write_parts(tmp_path, **ALL_PARTS)
    monkeypatch.setenv("REDIS_URL", "redis://cache:6379/0")

    endpoints = endpoints_of(Settings())

    assert endpoints.database_url.get_secret_value() == "postgresql://embedded/app"
    assert endpoints.redis_url.get_secret_value() == "redis://cache:6379/0"
    assert endpoints.model_url == "http://127.0.0.1:4000/v1"
    assert endpoints.model_api_key is not None


def test_a_given_model_server_does_not_get_the_embedded_ones_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _write_parts(tmp_path, **ALL_PARTS)
    monkeypatch.setenv("DIFY_HEX_MODEL_URL", "http://models:8080/v1")

    endpoints = endpoints_of(Settings())

    assert endpoints.model_url == "http://models:8080/v1"
    assert endpoints.model_api_key is None


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"DATABASE_URL is not set.*dify-hex up"):
        endpoints_of(Settings())


def test_a_torn_parts_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts.json").write_text('{"database_url": "post')

    with pytest.raises(NotConfigured):
        endpoints_of(Settings())
