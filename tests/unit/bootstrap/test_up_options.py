"""What `dify-hex up` reads from the environment."""

from pathlib import Path

import pytest

from dify_hex.bootstrap.settings import Settings
from dify_hex.bootstrap.up_options import (
    DATABASE_VARIABLES,
    BadOption,
    UpOptions,
    child_environment,
    sandbox_environment,
)

MODELS = ("DIFY_HEX_MODEL_URL", "DIFY_HEX_EMBEDDING_URL")


def test_an_empty_environment_means_everything_embedded() -> None:
    options = UpOptions.of({})
    assert [options.has_database, options.has_redis, options.has_model] == [False] * 3
    assert not options.has_embedding
    assert options.url == "http://127.0.0.1:8000"


def test_each_part_can_be_given_by_url() -> None:
    given = dict.fromkeys(MODELS, "x://y")
    options = UpOptions.of(given | dict.fromkeys((*DATABASE_VARIABLES, "REDIS_URL"), "x://y"))
    assert options.has_database
    assert options.has_redis
    assert options.has_model
    assert options.has_embedding


@pytest.mark.parametrize("missing", DATABASE_VARIABLES)
def test_a_login_that_is_missing_is_named(missing: str) -> None:
    given = {name: "x://y" for name in DATABASE_VARIABLES if name != missing}
    with pytest.raises(BadOption, match=f"without {missing}"):
        UpOptions.of(given)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DIFY_HEX_PORT", "eighty"),
        ("PORT", "80.5"),
        ("DIFY_HEX_MODEL_THREADS", "-1"),
        ("DIFY_HEX_EMBEDDING_THREADS", "two"),
        ("DIFY_HEX_SHUTDOWN_GRACE", "nan"),
        ("DIFY_HEX_SHUTDOWN_GRACE", "inf"),
    ],
)
def test_what_is_no_number_is_named(name: str, text: str) -> None:
    with pytest.raises(BadOption, match=name):
        UpOptions.of({name: text})


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("10.0.0.7", "http://10.0.0.7:8000"),
    ],
)
def test_people_on_this_machine_get_an_address_that_works(bind: str, url: str) -> None:
    assert UpOptions.of({"DIFY_HEX_BIND": bind}).url == url


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PORT": "81"},
        {"PORT": "81", "DIFY_HEX_PORT": "82"},
        {"DIFY_HEX_BIND": "::1", "DIFY_HEX_SHUTDOWN_GRACE": "2.5", "DIFY_HEX_PORT": ""},
        {"DIFY_HEX_HOME": "/somewhere", "DIFY_HEX_MODEL_THREADS": "3"},
    ],
)
def test_it_reads_what_the_full_settings_read(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings, options = Settings(), UpOptions.of(environment)
    assert options.home == settings.home
    assert (options.bind, options.port) == (settings.server.bind, settings.server.port)
    assert options.shutdown_grace == settings.server.shutdown_grace
    assert options.model_threads == settings.model.threads


@pytest.mark.parametrize(
    ("bind", "private"),
    [
        ("127.0.0.1", "true"),
        ("::1", "true"),
        ("localhost", "true"),
        ("0.0.0.0", "false"),
        ("", "true"),
    ],
)
def test_models_of_this_machine_are_for_those_who_work_on_it(bind: str, private: str) -> None:
    options = UpOptions.of({"DIFY_HEX_BIND": bind})

    environment = child_environment(options, Path("/somewhere"))

    assert environment["DIFY_HEX_MODEL_PRIVATE_ADDRESSES"] == private
    assert environment["DIFY_HEX_HOME"] == "/somewhere"


def test_the_operators_word_on_private_addresses_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFY_HEX_MODEL_PRIVATE_ADDRESSES", "false")

    environment = child_environment(UpOptions.of({}), Path("/somewhere"))

    assert environment["DIFY_HEX_MODEL_PRIVATE_ADDRESSES"] == "false"


def test_behind_a_proxy_this_machine_is_not_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFY_HEX_TRUSTED_PROXIES", "127.0.0.1")

    environment = child_environment(UpOptions.of({}), Path("/somewhere"))

    assert environment["DIFY_HEX_MODEL_PRIVATE_ADDRESSES"] == "false"


def test_a_sandbox_elsewhere_is_not_started_here() -> None:
    assert not UpOptions.of({}).has_sandbox
    assert UpOptions.of({"DIFY_HEX_SANDBOX_URL": "tcp://10.0.0.7:1"}).has_sandbox


def test_the_sandbox_gets_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    monkeypatch.setenv("DIFY_HEX_MODEL_API_KEY", "secret")
    monkeypatch.setenv("DIFY_HEX_SANDBOX_RUNNING", "3")

    environment = sandbox_environment(Path("/data"), "unix:///x")

    assert "secret" not in environment.values()
    assert environment["DIFY_HEX_SANDBOX_RUNNING"] == "3"
    assert environment["DIFY_HEX_SANDBOX_LISTEN"] == "unix:///x"
    assert environment["DIFY_HEX_HOME"] == "/data"
