"""Where the servers are: by URL, else as embedded parts, else nowhere."""

import json
from pathlib import Path

import pytest

from dify_hex.bootstrap.endpoints import NotConfigured, endpoints_of
from dify_hex.bootstrap.settings import Settings

GIVEN = {
    "DATABASE_URL": "postgresql://app@db/dify_hex",
    "DATABASE_SYSTEM_URL": "postgresql://system@db/dify_hex",
    "REDIS_URL": "redis://cache/0",
}
PARTS = {
    "database_url": "postgresql://app@here/dify_hex",
    "database_admin_url": "postgresql://owner@here/dify_hex",
    "database_system_url": "postgresql://system@here/dify_hex",
    "redis_url": "unix://here",
    "model_url": "http://127.0.0.1:9/v1",
    "embedding_url": "http://127.0.0.1:2/v1",
    "embedding_api_key": "secret",
    "model_api_key": "local-secret",
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a machine on which nothing is known."""
    for name in (*GIVEN, "DATABASE_ADMIN_URL", "DIFY_HEX_MODEL_URL", "DIFY_HEX_MODEL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIFY_HEX_HOME", str(tmp_path))
    return Settings()


@pytest.fixture
def parts(settings: Settings) -> None:
    """Embedded parts that are running."""
    settings.run_folder.mkdir()
    (settings.run_folder / "parts.json").write_text(json.dumps(PARTS))


@pytest.fixture
def given(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name the servers, as a service that does not migrate gets them."""
    for name, url in GIVEN.items():
        monkeypatch.setenv(name, url)
    return Settings()


def test_what_is_neither_given_nor_running_is_named(settings: Settings) -> None:
    with pytest.raises(NotConfigured, match="DATABASE_URL"):
        endpoints_of(settings)


@pytest.mark.usefixtures("parts")
def test_running_parts_are_found(settings: Settings) -> None:
    found = endpoints_of(settings)

    assert found.redis_url.get_secret_value() == "unix://here"
    assert found.database_admin_url is not None
    assert found.model_api_key is not None


def test_serving_takes_no_login_that_owns_anything(given: Settings) -> None:
    assert endpoints_of(given).database_admin_url is None


@pytest.mark.usefixtures("parts")
def test_the_owner_of_an_embedded_database_is_not_used_on_another(given: Settings) -> None:
    found = endpoints_of(given)

    assert found.database_url.get_secret_value() == GIVEN["DATABASE_URL"]
    assert found.database_admin_url is None


@pytest.mark.usefixtures("parts")
def test_a_model_server_of_ones_own_is_not_sent_the_key_of_the_built_in_one(
    given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFY_HEX_MODEL_URL", "http://models.example.com/v1")

    found = endpoints_of(Settings())

    assert found.model_url == "http://models.example.com/v1"
    assert found.model_api_key is None


@pytest.mark.usefixtures("parts")
def test_an_embedding_server_of_ones_own_is_not_sent_the_key_of_the_built_in_one(
    given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in = endpoints_of(given)
    monkeypatch.setenv("DIFY_HEX_EMBEDDING_URL", "http://models.example.com/v1")

    found = endpoints_of(Settings())

    assert built_in.embedding_api_key is not None
    assert found.embedding_url == "http://models.example.com/v1"
    assert found.embedding_api_key is None
