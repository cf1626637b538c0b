"""`dify-hex knowledge` against the running API."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contract.running_api import RunningApi
from tests.contract.terminal import REFUSED, USAGE, Terminal
from tests.contract.world import OWNER, PASSWORD, World


@pytest.fixture
def owner(
    api: RunningApi,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    monkeypatch.setenv("DIFY_HEX_URL", api.url)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("DIFY_HEX_API_KEY", raising=False)
    terminal = Terminal(capsys, monkeypatch)
    terminal.run("login", "--email", OWNER, "--password-stdin", typed=f"{PASSWORD}\n")
    return terminal


@pytest.fixture
def handbook(api: RunningApi, world: World, owner: Terminal) -> Iterator[str]:
    """A Knowledge whose model is the scripted one."""
    provider = {
        "kind": "openai_compatible",
        "name": f"house-{uuid4().hex[:8]}",
        "base_url": str(api.container.shared().settings().model.url),
        "api_key": "sk-0123456789abcdefghij",
        "models": [{"name": "scripted-words-embedding", "type": "embedding"}],
    }
    house = world.made("/v1/model-providers", provider)["name"]
    name = f"Handbook {uuid4().hex[:8]}"
    embedding = {"provider": house, "model": "scripted-words-embedding"}
    world.made("/v1/knowledge", {"name": name, "embedding": embedding})
    yield name
    owner.run("knowledge", "delete", name, "--yes")


def test_files_are_added_until_they_can_be_found(
    owner: Terminal, handbook: str, tmp_path: Path, working: None
) -> None:
    lamps, ships = tmp_path / "lamps.txt", tmp_path / "ships.md"
    lamps.write_text("Lamps are lit at dusk.")
    ships.write_text("# Ships\n\nThey pass at night.")
    told = owner.run("knowledge", "add", "--to", handbook, str(lamps), str(ships))
    assert told.splitlines() == [
        f"lamps.txt: 1 segments in {handbook}.",
        f"ships.md: 1 segments in {handbook}.",
    ]
    assert "lamps.txt" in owner.run("knowledge", "documents", handbook, "--status", "completed")
    assert handbook in owner.run("knowledge", "list", "--q", handbook)
    assert owner.json("knowledge", "show", handbook)["documents"] == 2
    found = owner.run("knowledge", "retrieve", handbook, "When are lamps lit?", "--top-k", "1")
    assert found.strip() == "Lamps are lit at dusk."
    refused = owner.failure("knowledge", "add", "--to", handbook, str(lamps))
    assert refused["code"] == "document_exists"
    again = owner.json("knowledge", "add", "--to", handbook, "--duplicate", str(lamps))
    assert [each["status"] for each in again["documents"]] == ["completed"]


def test_a_file_that_is_refused_does_not_keep_out_the_others(
    owner: Terminal, handbook: str, tmp_path: Path, working: None
) -> None:
    lamps, ships = tmp_path / "lamps.txt", tmp_path / "ships.txt"
    lamps.write_text("Lamps are lit at dusk.")
    ships.write_text("Ships pass at night.")
    owner.run("knowledge", "add", "--to", handbook, "--no-follow", str(lamps))
    failure = owner.failure("knowledge", "add", "--to", handbook, str(lamps), str(ships))
    assert failure["code"] == "document_exists"
    assert failure["message"].startswith("lamps.txt: ")
    assert owner.json("knowledge", "show", handbook)["documents"] == 2


def test_a_document_that_cannot_be_read_says_why(
    owner: Terminal, handbook: str, tmp_path: Path, working: None
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing of a document")
    failure = owner.failure("knowledge", "add", "--to", handbook, str(broken))
    assert failure["code"].startswith("document_")
    assert failure["message"].startswith("broken.pdf: ")


def test_a_knowledge_that_is_not_there_is_made(owner: Terminal, tmp_path: Path) -> None:
    name, plan = f"New {uuid4().hex[:8]}", tmp_path / "plan.txt"
    plan.write_text("Lamps, everywhere.")
    added = owner.json("knowledge", "add", "--to", name, "--no-follow", str(plan))
    assert added["documents"][0]["status"] == "pending"
    by_id = owner.json(
        "knowledge", "add", "--to", added["knowledge_id"], "--no-follow", "--duplicate", str(plan)
    )
    assert by_id["knowledge_id"] == added["knowledge_id"]
    assert name in owner.run("knowledge", "show", name)
    deleted = owner.json("knowledge", "delete", name, "--yes")
    assert deleted == {"id": added["knowledge_id"], "deleted": True}


def test_what_cannot_be_meant_is_said_so(owner: Terminal, tmp_path: Path) -> None:
    owner.run("knowledge", "add", str(tmp_path / "absent.txt"), expect=USAGE)
    assert owner.failure("knowledge", "show", "Nowhere")["code"] == "cli_name_unknown"
    made = owner.run("knowledge", "create", f"Bare {uuid4().hex[:8]}", "--description", "Empty.")
    owner.run("knowledge", "delete", made.strip(), "--yes")


def test_an_app_is_told_what_it_answers_from(owner: Terminal, handbook: str) -> None:
    wanted = owner.json("knowledge", "show", handbook)["id"]

    made = owner.json("apps", "create", f"Guide {uuid4().hex[:8]}", "--knowledge", handbook)

    draft = owner.json("apps", "draft", made["slug"])
    assert [each["knowledge_id"] for each in draft["configuration"]["knowledge"]["sources"]] == [
        wanted
    ]
    assert draft["faults"] == []
    owner.run("apps", "draft", made["slug"], "--knowledge", "Nowhere", expect=REFUSED)
