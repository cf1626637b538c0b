"""Where the migrations are and which is the newest, told without loading Alembic."""

import re
from functools import cache
from pathlib import Path

import asyncpg

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn
from dify_hex.adapters.persistence.errors import translating

_REVISION = re.compile(r'^revision(?:: str)? = "([^"]+)"', re.MULTILINE)
_PARENT = re.compile(r'^down_revision(?:: [^=]+)? = "([^"]+)"', re.MULTILINE)


def migrations_folder() -> Path:
    """The folder with `env.py`: at the root of a checkout, inside the package of a wheel."""
    here = Path(__file__).resolve()
    checkout = here.parents[3] / "alembic"
    return checkout if (checkout / "env.py").is_file() else here.parents[1] / "migrations"


@cache
def head_revision() -> str:
    """The revision that this release was written for.

    Raises:
        ValueError: the migrations do not form one chain.
    """
    texts = [path.read_text() for path in (migrations_folder() / "versions").glob("*.py")]
    revisions: set[str] = {name for text in texts for name in _REVISION.findall(text)}
    parents: set[str] = {name for text in texts for name in _PARENT.findall(text)}
    heads = revisions - parents
    if len(heads) != 1:
        raise ValueError(f"the migrations have {len(heads)} heads: {sorted(heads)}")
    return heads.pop()


async def current_is_head(url: str) -> bool:
    """Whether the database at the URL has exactly the schema of this release.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with translating():
        connection = await asyncpg.connect(
            driver_dsn(url), timeout=CONNECT_TIMEOUT, command_timeout=CONNECT_TIMEOUT
        )
        try:
            return await revision_is_head(connection)
        finally:
            await connection.close(timeout=CONNECT_TIMEOUT)


async def revision_is_head(connection: asyncpg.Connection | asyncpg.Pool) -> bool:
    """The same over a connection or a pool that is already open."""
    try:
        current = await connection.fetchval("SELECT version_num FROM alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return False
    return bool(current == head_revision())
