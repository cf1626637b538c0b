"""`dify-hex up`: the order of things, what it shows, and what it refuses."""

import socket
import stat
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.service_user import ServiceUser
from tests.integration.embedded.running_up import free_port, running_up
from tests.integration.embedded.stand_ins import LINK


def test_it_starts_everything_and_says_where_it_is(fresh_home: Path) -> None:
    with running_up(fresh_home) as up:
        up.wait_until_ready()
        for thing in ("database", "cache", "migrations", "API", "worker"):
            assert f"✓ {thing}" in up.text
        assert f"API     http://127.0.0.1:{up.port}" in up.text
        assert LINK in up.text
        assert "demonstration only" in up.text
        assert up.stop() == 0


def test_other_commands_learn_where_the_parts_are_and_strangers_do_not(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        wanted = ("database_url", "database_admin_url", "database_system_url", "redis_url")
        assert set(wanted) | {"model_url", "model_api_key"} <= set(up.parts())
        for private in ("run/parts.json", "credentials.json"):
            assert stat.S_IMODE((home / private).stat().st_mode) == 0o600
        secrets = [value.partition("//")[2].split("@")[0] for value in up.parts().values()]
        for pid in (up.process.pid, *map(up.pid_of, ("postgres", "valkey", "model", "api"))):
            command = Path(f"/proc/{pid}/cmdline").read_text()
            assert not any(secret in command for secret in secrets if ":" in secret)
        up.stop()
    assert not (home / "run" / "parts.json").exists()


def test_services_end_before_what_they_stand_on(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        assert up.stop() == 0
    notes = (home / "notes").read_text().splitlines()
    assert notes[0] == "migrate with database"
    assert sorted(notes[1:]) == ["api ended with database", "worker ended with database"]


def test_a_second_start_on_the_same_data_is_refused(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        with running_up(home) as second:
            assert second.ended() == 1
            assert f"in use by process {up.process.pid}" in second.text
        up.stop()


def test_the_second_time_is_quick(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        up.stop()
    with running_up(home) as up:
        up.wait_until_ready()
        assert float(up.text.partition("Ready in ")[2].split()[0]) < 10
        up.stop()


def test_a_failed_migration_ends_it_with_the_migrations_last_words(home: Path) -> None:
    with running_up(home, variables={"STAND_IN_MIGRATION_FAILS": "yes"}) as up:
        assert up.ended() == 1
        assert "column “colour” already exists" in up.text
        assert "the migrations ended with status 1" in up.text


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with running_up(home, port=stranger.getsockname()[1]) as up:
            assert up.ended() == 1
            assert "choose another with DIFY_HEX_BIND or DIFY_HEX_PORT" in up.text


def test_parts_that_are_given_by_url_are_not_started(fresh_home: Path) -> None:
    url = "postgresql://somebody:secret@127.0.0.1/x"
    given = {
        "DATABASE_URL": url,
        "DATABASE_ADMIN_URL": url,
        "DATABASE_SYSTEM_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "DIFY_HEX_MODEL_URL": "http://127.0.0.1:1/v1",
        "DIFY_HEX_EMBEDDING_URL": "http://127.0.0.1:1/v1",
        "DIFY_HEX_SANDBOX_URL": "tcp://127.0.0.1:1",
    }
    with running_up(fresh_home, variables=given) as up:
        up.wait_until_ready()
        assert {name for name in up.parts() if "url" in name} == set()
        assert "demonstration only" not in up.text
        up.stop()
    assert not (fresh_home / "postgres").exists()


def test_half_of_the_database_logins_is_refused(home: Path) -> None:
    with running_up(home, variables={"DATABASE_URL": "postgresql://x@y/z"}) as up:
        assert up.ended() == 1
        assert "without DATABASE_ADMIN_URL and DATABASE_SYSTEM_URL" in up.text


def test_a_folder_that_the_servers_cannot_reach_is_named(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    user = ServiceUser.for_this_process()
    with running_up(closed / "data", port=free_port()) as up:
        if user is None:
            up.wait_until_ready()
            up.stop()
            return
        assert up.ended() == 1
        assert f"cannot pass through {closed}" in up.text


@pytest.mark.parametrize("setting", ["DIFY_HEX_PORT", "DIFY_HEX_SHUTDOWN_GRACE"])
def test_a_setting_that_is_no_number_is_named(home: Path, setting: str) -> None:
    with running_up(home, variables={setting: "soon"}) as up:
        assert up.ended() == 1
        assert f"{setting} is 'soon'" in up.text
