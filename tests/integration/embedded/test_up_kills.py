"""`dify-hex up` when processes are killed with -9: its own, and itself."""

import asyncio
import os
import signal
from pathlib import Path
from time import monotonic

import asyncpg
import pytest

from dify_hex.adapters.embedded.processes import processes_in
from dify_hex.adapters.embedded.service_user import ServiceUser
from tests.integration.embedded.running_up import RunningUp, running_up

pytestmark = pytest.mark.kill

#: Ourselves, and an ordinary user when we are root.
USERS = [None, ServiceUser.for_this_process()] if os.geteuid() == 0 else [None]


def ask(up: RunningUp, *statements: str) -> object:
    """Run the statements as the database's owner, and return the first value of the last."""

    async def run() -> object:
        url = up.parts()["database_admin_url"].replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            return [await connection.fetchval(statement) for statement in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("user", USERS, ids=lambda user: "ordinary" if user else "ourselves")
def test_nothing_outlives_it(fresh_home: Path, user: ServiceUser | None) -> None:
    if user is not None:
        os.chown(fresh_home, user.uid, user.gid)
    with running_up(fresh_home, user=user) as up:
        up.wait_until_ready()
        everything = [up.pid_of(name) for name in ("postgres", "valkey", "api", "worker")]
        backends = processes_in(fresh_home / "postgres")
        up.process.kill()
        up.ended()
        killed = monotonic()
        while any(map(alive, {*everything, *backends})):
            assert monotonic() < killed + 20
    # The database was shut down in order: its pid file is gone.
    assert not (fresh_home / "postgres" / "postmaster.pid").exists()


def test_it_starts_at_once_after_having_been_killed(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        ask(up, "CREATE TABLE kept AS SELECT 7 AS seven")
        up.process.kill()
        with running_up(home, port=up.port) as second:
            second.wait_until_ready()
            assert ask(second, "SELECT seven FROM kept") == 7
            second.stop()
        up.ended()


def test_each_of_its_processes_is_started_again_and_data_is_kept(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        up.wait_until(lambda: "✓ language model" in up.text)
        ask(up, "CREATE TABLE kept AS SELECT 7 AS seven")
        for name in ("postgres", "valkey", "model", "api", "worker"):
            up.kill(name)
        assert "database: killed by signal 9; again in 0.1 s" in up.text
        assert ask(up, "SELECT seven FROM kept") == 7
        assert up.stop() == 0


def test_a_database_killed_twice_in_a_row_is_started_again_more_slowly(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        up.kill("postgres")
        up.kill("postgres")
        up.wait_until(lambda: "again in 0.2 s" in up.text)
        assert up.stop() == 0


def test_told_to_stop_twice_it_still_stops_in_order(home: Path) -> None:
    with running_up(home) as up:
        up.wait_until_ready()
        up.process.send_signal(signal.SIGINT)
        up.process.send_signal(signal.SIGTERM)
        assert up.ended() == 0
    assert not (home / "postgres" / "postmaster.pid").exists()
