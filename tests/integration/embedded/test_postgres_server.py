"""PostgreSQL as a child: its start, its end, and what it survives."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from dify_hex.adapters.embedded import binaries
from dify_hex.adapters.embedded.data_folder import SOCKET_PATH_LIMIT, DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.postgres import PostgresServer
from dify_hex.adapters.embedded.processes import processes_in

MakeServer = Callable[[], PostgresServer]


@pytest.fixture
def make_server(folder: DataFolder, output: int) -> MakeServer:
    """A server of the test's data folder, not started."""
    return lambda: PostgresServer(folder, output=output)


@asynccontextmanager
async def running(server: PostgresServer) -> AsyncIterator[PostgresServer]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def ask(url: str, *statements: str) -> object:
    """Run the statements, and return the first value of the last."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def program_of(server: PostgresServer) -> Path:
    """The file that its process runs."""
    return Path(f"/proc/{server.pid}/exe").readlink()


async def test_it_keeps_its_data_its_urls_and_its_logins_from_start_to_start(
    make_server: MakeServer,
) -> None:
    async with running(make_server()) as server:
        first = server.urls
        await ask(first.owner, "CREATE TABLE kept AS SELECT 1 AS one", "SELECT 1")
    async with running(make_server()) as server:
        assert server.urls == first
        assert await ask(first.owner, "SELECT one FROM kept") == 1
        for url, name in (
            (first.application, "dify_hex_app"),
            (first.system, "dify_hex_system"),
            (first.owner, "dify_hex_owner"),
        ):
            assert await ask(url, "SELECT current_user") == name


async def test_the_logins_that_serve_can_do_nothing_by_themselves(make_server: MakeServer) -> None:
    async with running(make_server()) as server:
        await ask(server.urls.owner, "CREATE TABLE walled AS SELECT 1 AS one", "SELECT 1")
        for url in (server.urls.application, server.urls.system):
            powers = await ask(
                url,
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
                " FROM pg_roles WHERE rolname = current_user",
            )
            assert powers is False
            for refused in (
                "SELECT one FROM walled",
                "CREATE TABLE theirs (one int)",
                "SET ROLE dify_hex_owner",
                "SET ROLE dify_hex_definer",
                "CREATE TEMPORARY TABLE theirs (one int)",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await ask(url, refused)


async def test_the_owner_is_no_superuser_and_sees_no_row_by_the_definers_rights(
    make_server: MakeServer,
) -> None:
    async with running(make_server()) as server:
        row = await ask(
            server.urls.owner,
            "SELECT rolsuper OR rolbypassrls OR pg_has_role('dify_hex_definer', 'USAGE')"
            " FROM pg_roles WHERE rolname = current_user",
        )
        assert row is False
        member = "SELECT pg_has_role('dify_hex_definer', 'MEMBER')"
        assert await ask(server.urls.owner, member) is True


async def test_nobody_gets_in_without_a_password(make_server: MakeServer) -> None:
    async with running(make_server()) as server:
        url = server.urls.superuser
        secret = url.partition("//postgres:")[2].partition("@")[0]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url.replace(secret, "guessed"), "SELECT 1")


async def test_vectors_can_be_kept_and_nothing_else_was_added(make_server: MakeServer) -> None:
    async with running(make_server()) as server:
        listed = "SELECT string_agg(extname, ',') FROM pg_extension"
        assert await ask(server.urls.owner, listed) == "plpgsql,vector"


@pytest.mark.kill
async def test_what_was_committed_survives_kill_9(make_server: MakeServer) -> None:
    server = make_server()
    await server.start()
    await ask(server.urls.owner, "CREATE TABLE kept AS SELECT 7 AS seven", "SELECT 1")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.exited() == -signal.SIGKILL
    async with running(server):
        assert await ask(server.urls.owner, "SELECT seven FROM kept") == 7


async def test_a_server_that_a_predecessor_left_running_is_ended_first(
    make_server: MakeServer,
) -> None:
    left = make_server()
    await left.start()
    await ask(left.urls.owner, "CREATE TABLE kept AS SELECT 7 AS seven", "SELECT 1")
    async with running(make_server()) as server:
        assert await left.exited() == 0
        assert server.pid != left.pid
        assert await ask(server.urls.owner, "SELECT seven FROM kept") == 7


async def test_a_pid_file_that_names_a_stranger_does_not_matter(
    make_server: MakeServer, home: Path
) -> None:
    async with running(make_server()):
        text = (home / "postgres" / "postmaster.pid").read_text()
    stranger = str(os.getppid())
    (home / "postgres" / "postmaster.pid").write_text(text.replace(text.split()[0], stranger, 1))
    async with running(make_server()) as server:
        assert await ask(server.urls.owner, "SELECT 1") == 1


async def test_half_of_a_database_is_made_anew(fresh_home: Path, output: int) -> None:
    (fresh_home / "postgres.new" / "base").mkdir(parents=True)
    async with running(PostgresServer(DataFolder.open(fresh_home), output=output)) as server:
        assert await ask(server.urls.owner, "SELECT 1") == 1


async def test_a_database_of_another_version_is_left_alone(
    make_server: MakeServer, home: Path
) -> None:
    async with running(make_server()):
        pass
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPartFailed, match=r"made by PostgreSQL 12.*pg_dump"):
        await make_server().start()


async def test_a_long_path_gets_its_sockets_elsewhere(home: Path, output: int) -> None:
    long = DataFolder.open(home / ("x" * SOCKET_PATH_LIMIT))
    async with running(PostgresServer(long, output=output)) as server:
        assert await ask(server.urls.owner, "SELECT 1") == 1
    sockets = long.sockets("pg")
    assert not sockets.is_relative_to(home)
    assert sockets.stat().st_mode & 0o077 == 0
    sockets.rmdir()
    sockets.parent.rmdir()


async def test_programs_in_a_closed_home_are_copied_out(
    make_server: MakeServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_is_open", lambda folder, program: False)
    async with running(make_server()) as server:
        assert program_of(server).is_relative_to(home / "bin")


async def test_stopping_leaves_no_process(make_server: MakeServer, home: Path) -> None:
    async with running(make_server()):
        assert len(processes_in(home / "postgres")) > 1
    assert processes_in(home / "postgres") == []
