"""`dify-hex tasks` against the running API."""

import threading
from pathlib import Path
from uuid import UUID

import pytest

from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.ids import TenantId
from dify_hex.entrypoints.cli import tasks
from tests.contract.running_api import RunningApi
from tests.contract.terminal import REFUSED, Terminal
from tests.contract.test_tasks import Jobs
from tests.contract.world import World


@pytest.fixture
def jobs(api: RunningApi, world: World) -> Jobs:
    me = world.call("GET", "/v1/accounts/me", world.tokens[Role.OWNER]).json()["data"]
    return Jobs(api, TenantId(UUID(me["tenant_id"])))


@pytest.fixture
def terminal(
    api: RunningApi,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    monkeypatch.setenv("DIFY_HEX_URL", api.url)
    monkeypatch.setenv("DIFY_HEX_API_KEY", world.tokens[Role.OWNER])
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(tasks, "_LOOK_EVERY", 0.05)
    return Terminal(capsys, monkeypatch)


def test_tasks_are_listed_and_shown(terminal: Terminal, jobs: Jobs) -> None:
    waiting, dead = jobs.waiting(), jobs.dead()

    listed = terminal.run("tasks", "list", "--kind", jobs.kind)
    assert waiting in listed
    assert "sys_unavailable" in listed
    page = terminal.json("tasks", "list", "--kind", jobs.kind, "--limit", "1")
    assert [task["id"] for task in page["data"]] == [dead]
    terminal.run("tasks", "list", "--kind", jobs.kind, "--limit", "1")
    assert page["pagination"]["next_cursor"] in terminal.errors
    only_dead = terminal.json("tasks", "list", "--kind", jobs.kind, "--dead")
    assert [task["id"] for task in only_dead["data"]] == [dead]
    assert "pending" in terminal.run("tasks", "show", waiting)
    assert terminal.json("tasks", "show", dead)["dead"]


def test_a_dead_letter_is_retried_cancelled_and_dropped(terminal: Terminal, jobs: Jobs) -> None:
    task = jobs.dead()

    assert terminal.json("tasks", "retry", task)["status"] == "pending"
    assert "task_cancelled" in terminal.run("tasks", "cancel", task)
    assert terminal.failure("tasks", "cancel", task)["code"] == "task_is_over"
    terminal.run("tasks", "drop", task, typed="n\n", expect=REFUSED)
    terminal.run("tasks", "drop", task, "--yes")
    assert terminal.failure("tasks", "show", task)["code"] == "task_not_found"
    assert terminal.json("tasks", "drop", jobs.dead())["dropped"]


def test_a_followed_task_tells_how_it_ends(terminal: Terminal, jobs: Jobs) -> None:
    assert terminal.json("tasks", "show", jobs.done({"lit": 2}), "--follow")["result"] == {"lit": 2}
    terminal.run("tasks", "show", jobs.dead(), "--follow", expect=REFUSED)

    task = jobs.waiting()
    ends = threading.Timer(0.3, jobs.end, [task])
    ends.start()
    assert "success" in terminal.run("tasks", "show", task, "--follow")
    ends.join()
