"""What the built-in provider is, in an installation with the embedded model or one of its own."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from dify_hex.application.model_provider.built_in import DEFAULT_MODEL, BuiltInModels
from dify_hex.bootstrap.assembly import make_container
from dify_hex.bootstrap.settings import ModelSettings, Settings
from dify_hex.domain.shared.values.secret_text import SecretText

NOWHERE = SecretStr("postgresql://app:pa55word@127.0.0.1:1/nowhere")
EMBEDDED = {"model_url": "http://127.0.0.1:4000/v1", "model_api_key": "embedded-key"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


def built_in(home: Path, model: ModelSettings) -> BuiltInModels:
    settings = Settings(
        home=home,
        database_url=NOWHERE,
        database_admin_url=NOWHERE,
        database_system_url=NOWHERE,
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
        model=model,
    )
    made: BuiltInModels = make_container(settings, "api").models().built_in()
    return made


def test_the_embedded_model_is_for_demonstration_and_has_a_slot_of_its_servers_window(
    home: Path,
) -> None:
    (home / "run" / "parts.json").write_text(json.dumps(EMBEDDED))

    found = built_in(home, ModelSettings())

    (model,) = found.models
    assert (model.name, model.context_window) == (DEFAULT_MODEL, 2048)
    assert (found.demonstration, found.open) == (True, False)
    assert found.base_url == EMBEDDED["model_url"]
    assert found.api_key == SecretText("embedded-key")


def test_the_operators_own_server_takes_its_place(home: Path) -> None:
    (home / "run" / "parts.json").write_text(json.dumps(EMBEDDED))
    given = ModelSettings(url="http://gpu:8000/v1", name="qwen3", context_window=32_768)

    found = built_in(home, given)

    assert (found.base_url, found.api_key) == ("http://gpu:8000/v1", None)
    assert (found.demonstration, found.open) == (False, True)
    assert found.model(DEFAULT_MODEL).name == "qwen3"
    assert found.model("qwen3").context_window == 32_768


def test_without_a_model_server_nothing_is_built_in(home: Path) -> None:
    found = built_in(home, ModelSettings())

    assert found.base_url is None
    assert not found.usable()
