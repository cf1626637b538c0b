"""PostgreSQL as `up` starts it, for measuring what stands on it alone."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.postgres import DatabaseUrls, PostgresServer
from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.bootstrap.migrate import migrate

_PEERS = "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A running server; a commit that it confirms has reached the disk."""

    urls: DatabaseUrls
    place: Path

    def for_peers(self) -> str:
        """A new database on the same server, for others: how to reach it, as libpq is told."""
        parts = urlsplit(self.urls.superuser)
        folder = parse_qs(parts.query)["host"][0]
        name = asyncio.run(self._make(f"{_PEERS}_{secrets.token_hex(4)}"))
        login = f"user={parts.username} password={unquote(parts.password or '')}"
        return f"host={folder} dbname={name} {login}"

    def superuser_dsn(self) -> str:
        """Where the server is, for somebody who may do everything."""
        return driver_dsn(self.urls.superuser)

    async def slow_down(self, commit: float) -> None:
        """Let every commit take so many seconds longer, as on a slower disk."""
        connection = await asyncpg.connect(self.superuser_dsn())
        try:
            for setting in (f"commit_delay = {round(1e6 * commit)}", "commit_siblings = 0"):
                await connection.execute(f"ALTER SYSTEM SET {setting}")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()

    async def _make(self, name: str) -> str:
        connection = await asyncpg.connect(self.superuser_dsn())
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return name


@contextmanager
def database() -> Iterator[Database]:
    """A server in a new folder, with the newest schema."""
    place = Path(tempfile.mkdtemp(prefix="dify-hex-bench-"))
    place.chmod(0o711)
    folder = DataFolder.open(place)
    log = os.open(folder.logs / "postgres.log", os.O_WRONLY | os.O_CREAT, 0o600)
    server = PostgresServer(folder, output=log)
    try:
        asyncio.run(server.start())
        asyncio.run(migrate(server.urls.owner))
        yield Database(urls=server.urls, place=place)
    finally:
        asyncio.run(server.stop())
        os.close(log)
        shutil.rmtree(place, ignore_errors=True)
