"""The commands against the running API: what people type, what programs read."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.contract.running_api import RunningApi
from tests.contract.terminal import (
    INTERRUPTED,
    NOT_SIGNED_IN,
    REFUSED,
    UNREACHABLE,
    USAGE,
    Terminal,
)
from tests.contract.test_workflows import workflow
from tests.contract.world import OWNER, PASSWORD, World
from tests.fakes.cuttable_proxy import CuttableProxy
from tests.fakes.running_model_server import run_model_server


@pytest.fixture
def stranger(
    api: RunningApi,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    monkeypatch.setenv("DIFY_HEX_URL", api.url)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("DIFY_HEX_API_KEY", raising=False)
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def owner(stranger: Terminal) -> Terminal:
    stranger.run("login", "--email", OWNER, "--password-stdin", typed=f"{PASSWORD}\n")
    return stranger


@pytest.fixture
def app(owner: Terminal) -> Iterator[str]:
    name = f"Bot {uuid4().hex[:12]}"
    owner.run("apps", "create", name, "--prompt", "Be brief.", "--publish")
    yield name
    owner.run("apps", "delete", name, "--yes")


def test_files_go_there_and_back(owner: Terminal, tmp_path: Path) -> None:
    plan, copy = tmp_path / "plan.txt", tmp_path / "copy.txt"
    plan.write_text("Lamps, everywhere.\n" * 10_000)

    made = owner.json("files", "upload", str(plan), "--user", "ann", "--expires-in", "3600")
    named = made["id"]
    assert (made["name"], made["media_type"], made["user"]) == ("plan.txt", "text/plain", "ann")
    assert owner.run("files", "upload", str(plan)).strip() != named
    assert "plan.txt" in owner.run("files", "list", "--user", "ann")
    assert owner.json("files", "show", named) == made

    owner.run("files", "download", named, "--to", str(copy))
    assert copy.read_bytes() == plan.read_bytes()
    owner.run("files", "download", named, "--to", str(copy), expect=USAGE)
    assert sorted(path.name for path in tmp_path.glob("*.txt")) == ["copy.txt", "plan.txt"]
    assert not list(tmp_path.glob(".*"))

    owner.run("files", "delete", named, "--yes")
    assert owner.failure("files", "show", named)["code"] == "file_not_found"
    owner.run("files", "upload", str(tmp_path / "absent"), expect=USAGE)


def test_signing_in_and_out(stranger: Terminal, tmp_path: Path) -> None:
    assert stranger.failure("apps", "list", expect=NOT_SIGNED_IN)["code"] == "cli_not_signed_in"

    told = stranger.json("login", "--email", OWNER, "--password-stdin", typed=f"{PASSWORD}\n")
    assert (told["email"], told["role"]) == (OWNER, "owner")
    stranger.run("apps", "list")

    assert "Signed out" in stranger.run("login", "--logout")
    stranger.run("apps", "list", expect=NOT_SIGNED_IN)
    kept = (tmp_path / "dify-hex" / "credentials").read_text()
    assert json.loads(kept) == {"current": None, "logins": {}}


def test_a_wrong_password_says_how_to_go_on(stranger: Terminal) -> None:
    arguments = ("login", "--email", OWNER, "--password-stdin")
    stranger.run(*arguments, typed="not the password", expect=NOT_SIGNED_IN)

    assert "[auth_login_failed]" in stranger.errors
    assert "dify-hex accounts" in stranger.errors


def test_a_key_needs_no_sign_in(
    stranger: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFY_HEX_API_KEY", world.key)
    assert stranger.json("apps", "list")["pagination"]["total"] >= 1

    monkeypatch.setenv("DIFY_HEX_API_KEY", world.revoked_key)
    failure = stranger.failure("apps", "list", expect=NOT_SIGNED_IN)
    assert failure["code"] == "auth_key_revoked"


def test_an_app_from_its_making_to_its_end(owner: Terminal) -> None:
    name = f"Parcel Bot {uuid4().hex[:8]}"
    made = owner.json("apps", "create", name, "--prompt", "You know parcels.", "--opening", "Hi!")
    assert made["published_version"] is None
    assert name in owner.run("apps", "list", "--q", name)

    slug = name.lower().replace(" ", "-")
    assert owner.json("apps", "publish", slug, "--label", "one")["number"] == 1
    draft = owner.json("apps", "draft", made["slug"], "--prompt", "You know letters.")
    assert draft["configuration"]["prompt"]["text"] == "You know letters."
    assert draft["configuration"]["opening_statement"] == "Hi!"
    owner.run("apps", "publish", made["id"])
    assert [item["number"] for item in owner.json("apps", "versions", name)["data"]] == [2, 1]

    restored = owner.json("apps", "restore", name, "1")
    assert restored["configuration"]["prompt"]["text"] == "You know parcels."
    assert owner.json("apps", "archive", name)["status"] == "archived"
    assert owner.json("apps", "archive", name, "--undo")["status"] == "active"
    assert owner.json("apps", "delete", name)["deleted"]
    assert owner.failure("apps", "show", name)["code"] == "cli_name_unknown"


def test_a_draft_comes_from_a_file_or_a_pipe(owner: Terminal, app: str, tmp_path: Path) -> None:
    configuration = owner.json("apps", "draft", app)["configuration"]
    configuration["opening_statement"] = "From a file"
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(configuration))

    draft = owner.json("apps", "draft", app, "--file", str(file))
    assert draft["configuration"]["opening_statement"] == "From a file"
    configuration["opening_statement"] = "From a pipe"
    draft = owner.json("apps", "draft", app, "--file", "-", typed=json.dumps(configuration))
    assert draft["configuration"]["opening_statement"] == "From a pipe"

    owner.run("apps", "draft", app, "--file", str(tmp_path / "none.json"), expect=USAGE)
    owner.run("apps", "draft", app, "--model", "no-slash", expect=USAGE)


def test_what_keeps_a_draft_from_being_published_is_shown(owner: Terminal, app: str) -> None:
    owner.run("apps", "draft", app, "--prompt", "Hello {{ stranger }}")
    assert "To be corrected" in owner.errors

    failure = owner.failure("apps", "publish", app)
    assert failure["code"] == "app_configuration_invalid"
    assert "dify-hex apps draft" in failure["hint"]


def test_a_message_is_answered(owner: Terminal, app: str) -> None:
    reply = owner.json("chat", app, "-m", "[[text='To be is to do']]")
    assert (reply["status"], reply["answer"]) == ("succeeded", "To be is to do")

    again = owner.json("chat", app, "-m", "Go on", "--conversation", reply["conversation_id"])
    assert again["conversation_id"] == reply["conversation_id"]
    assert owner.run("chat", app, typed="[[text='From a pipe']]").strip() == "From a pipe"


def test_a_failed_message_says_why_and_fails_the_command(owner: Terminal, app: str) -> None:
    owner.run("chat", app, "-m", "[[status=401]]", expect=REFUSED)

    assert "[model_authentication_failed]" in owner.errors


def test_an_app_that_is_not_published_says_what_to_do(owner: Terminal) -> None:
    made = owner.json("apps", "create", f"Raw {uuid4().hex[:8]}")

    assert "apps publish" in owner.failure("chat", made["id"], "-m", "Hello")["hint"]


def test_ctrl_c_stops_the_message(owner: Terminal, app: str) -> None:
    app_id = owner.json("apps", "show", app)["id"]
    command = [sys.executable, "-m", "dify_hex.bootstrap.cli", "chat", app_id, "--json"]
    query = "[[tokens=500 delay=0.05]] Talk"
    # A shell that runs the tests in its background has Ctrl-C ignored in all they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([*command, "-m", query], stdout=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, before)
        _await_run(owner, app_id, "running")
        # It has to have read that the message has begun.
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        answered, _ = process.communicate(timeout=20)

    reply = json.loads(answered)
    assert (process.returncode, reply["status"]) == (INTERRUPTED, "stopped")
    run = owner.json("runs", "list", "--app", app_id)["data"][0]
    assert (run["status"], run["message_id"]) == ("stopped", reply["message_id"])


async def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    api: RunningApi, owner: Terminal, app: str
) -> None:
    app_id = owner.json("apps", "show", app)["id"]
    key = owner.run("keys", "create", "cut").strip()
    parts = urlsplit(api.url)
    async with CuttableProxy((str(parts.hostname), int(parts.port or 0))) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        environment = {**os.environ, "DIFY_HEX_URL": url, "DIFY_HEX_API_KEY": key}
        command = ["-m", "dify_hex.bootstrap.cli", "chat", app_id, "--json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            "-m",
            "[[tokens=60 delay=0.05]] Talk",
            env=environment,
            stdout=subprocess.PIPE,
        )
        # A slow machine takes its time until there is something to cut.
        while not (await asyncio.to_thread(owner.json, "runs", "list", "--app", app_id))["data"]:
            pass
        for _ in range(3):
            await asyncio.sleep(0.9)
            await proxy.cut()
            await asyncio.sleep(0.1)
            await proxy.restore()
        answered, _ = await process.communicate()

    reply = json.loads(answered)
    assert reply["status"] == "succeeded"
    assert reply["answer"].split() == [f"t{number}" for number in range(60)]


def test_a_workflow_is_drawn_published_and_run(owner: Terminal, tmp_path: Path) -> None:
    drawn = tmp_path / "greeting.json"
    drawn.write_text(json.dumps(workflow()))
    app = ["apps", "create", uuid4().hex, "--mode", "workflow", "--file", str(drawn), "--publish"]
    start = ["runs", "start", owner.json(*app)["slug"]]
    assert owner.json(*start, "-i", "name=Ann")["result"] == {"greeting": "Hello Ann", "times": 2}
    assert "run.succeeded" in owner.run(*start, "-i", "name=Ann", "--events")
    assert owner.failure(*start)["code"] == "workflow_inputs_invalid"


def test_runs_are_listed_shown_and_read_again(owner: Terminal, app: str) -> None:
    reply = owner.json("chat", app, "-m", "Hello")
    (run,) = owner.json("runs", "list", "--app", app)["data"]
    assert run["message_id"] == reply["message_id"]
    assert run["id"] in owner.run("runs", "list", "--app", app)
    assert "succeeded" in owner.run("runs", "show", run["id"])

    lines = owner.run("runs", "events", run["id"], "--nodes", "--json").splitlines()
    kinds = [json.loads(line)["event"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("run.started", "run.succeeded")
    assert "node.started" in kinds
    last = json.loads(lines[-2])["id"]
    rest = owner.run("runs", "events", run["id"], "--nodes", "--after", last).splitlines()
    assert len(rest) == 1
    assert owner.json("runs", "stop", run["id"])["status"] == "succeeded"


def test_a_key_is_shown_once_and_revoked(owner: Terminal, app: str) -> None:
    secret = owner.run("keys", "create", "script", "--app", app, "--days", "30").strip()
    assert secret.startswith("sk-")
    key = owner.json("keys", "list", "--app", app)["data"][0]
    assert key["name"] == "script"
    assert secret not in owner.run("keys", "list")

    assert owner.json("keys", "revoke", key["id"])["revoked"]
    assert owner.json("keys", "list", "--app", app)["data"][0]["revoked_at"] is not None


def test_models_are_plugged_in_and_out(owner: Terminal) -> None:
    assert "local" in {model["provider"] for model in owner.json("models", "list")}
    name = f"vendor-{uuid4().hex[:8]}"
    arguments = ("models", "add", "openai", "--name", name, "--api-key-stdin", "--no-verify")
    made = owner.json(*arguments, "--model", "gpt-4.1-mini", typed="sk-vendor-0123456789")
    assert "sk-vendor-0123456789" not in json.dumps(made)
    assert name in owner.run("models", "list")

    assert owner.json("models", "remove", name)["removed"]
    assert name not in owner.run("models", "list")
    owner.run(*arguments, typed="", expect=USAGE)


def test_any_server_of_that_protocol_brings_its_models_along(owner: Terminal) -> None:
    name = f"server-{uuid4().hex[:8]}"
    with run_model_server() as server:
        arguments = ("models", "add", "openai_compatible", "--name", name, "--base-url", server.url)
        told = owner.run(*arguments)

        assert f"{name} answers to its credential." in told
        assert "scripted" in told
        assert owner.json("models", "verify", name)["missing"] == []
    owner.run("models", "remove", name, "--yes")


def test_a_provider_that_does_not_answer_is_not_added(owner: Terminal) -> None:
    name = f"nobody-{uuid4().hex[:8]}"
    url = "http://127.0.0.1:9/v1"
    failure = owner.failure(
        "models", "add", "openai_compatible", "--name", name, "--base-url", url, "--model", "m"
    )

    assert failure["code"].startswith("model_")
    assert owner.failure("models", "verify", name)["code"] == "cli_name_unknown"


def test_nobody_there_is_told_apart(owner: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFY_HEX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DIFY_HEX_API_KEY", "sk-x")

    assert "dify-hex up" in owner.failure("apps", "list", expect=UNREACHABLE)["hint"]


def test_deleting_asks_first(owner: Terminal, app: str) -> None:
    owner.run("apps", "delete", app, typed="n\n", expect=REFUSED)

    owner.run("apps", "show", app)


def _await_run(owner: Terminal, app_id: str, status: str) -> None:
    for _ in range(100):
        if owner.json("runs", "list", "--app", app_id, "--status", status)["data"]:
            return
        time.sleep(0.1)
    raise TimeoutError(f"no run is {status}")


def test_secrets_of_an_app_are_set_and_forgotten_and_never_told(owner: Terminal, app: str) -> None:
    assert owner.run("apps", "secrets", "set", app, "TOKEN", "--stdin", typed="s3cret\n") == (
        "TOKEN is set.\n"
    )
    assert owner.json("apps", "secrets", "set", app, "KEY", "--stdin", typed="k3y")["name"] == "KEY"
    told = owner.run("apps", "secrets", "list", app)
    listed = owner.json("apps", "secrets", "list", app)

    assert "TOKEN" in told
    assert [each["name"] for each in listed["data"]] == ["KEY", "TOKEN"]
    assert "s3cret" not in told + json.dumps(listed)
    owner.run("apps", "secrets", "remove", app, "TOKEN", "--yes")
    assert owner.json("apps", "secrets", "remove", app, "KEY") == {"name": "KEY", "removed": True}
    assert owner.run("apps", "secrets", "list", app) == ""
    assert "no secrets" in owner.errors
    owner.run("apps", "secrets", "remove", app, "KEY", "--yes", expect=REFUSED)
    owner.run("apps", "secrets", "set", app, "KEY", "--stdin", typed="\n", expect=USAGE)
