"""Every migration goes up, down and up again, on a database with rows in it."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dify_hex.adapters.persistence.engine import make_owner_engine
from dify_hex.adapters.persistence.metadata import METADATA
from dify_hex.bootstrap.migrate import migrate, roll_back
from dify_hex.bootstrap.schema import current_is_head, head_revision, migrations_folder
from tests.fakes.servers import RunningServers
from tests.migrations.rows import fill_every_table, seeing_rows
from tests.migrations.schema_snapshot import snapshot

#: Partitions, and the table that only an extension makes possible.
WITHOUT_ROW_CLASSES = ("workflow_run_events_", "segment_vectors")


def revisions() -> list[str]:
    """Every revision, the first first."""
    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()))
    settings.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(settings)
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


async def rows_of(owner: asyncpg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """How many rows there are, seen by the owner."""
    counts = {}
    for table in tables:
        async with seeing_rows(owner, table):
            counts[table] = await owner.fetchval(f"SELECT count(*) FROM {table}")
    return counts


async def test_each_step_up_down_and_up_with_rows_in_every_table(
    empty_database: RunningServers, owner: asyncpg.Connection
) -> None:
    previous = "base"
    filled: dict[str, int] = {}
    before = await snapshot(owner)
    for revision in revisions():
        await migrate(empty_database.admin_url, revision)
        up = await snapshot(owner)
        with_rows = await fill_every_table(owner)
        assert with_rows
        assert await snapshot(owner) == up
        await roll_back(empty_database.admin_url, previous)
        assert await snapshot(owner) == before, f"{revision} leaves something behind"
        assert await rows_of(owner, filled) == filled, f"{revision} loses older rows"
        await migrate(empty_database.admin_url, revision)
        assert await snapshot(owner) == up, f"{revision} is another one the second time"
        filled = dict(await fill_every_table(owner))
        previous, before = revision, up


async def test_the_whole_way_down_and_up_with_rows_in_every_table(
    empty_database: RunningServers, owner: asyncpg.Connection
) -> None:
    empty = await snapshot(owner)
    await migrate(empty_database.admin_url)
    complete = await snapshot(owner)
    await fill_every_table(owner)
    await roll_back(empty_database.admin_url, "base")
    assert await snapshot(owner) == empty
    await migrate(empty_database.admin_url)
    assert await snapshot(owner) == complete


async def test_the_row_classes_describe_the_schema_that_migrations_make(
    empty_database: RunningServers,
) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, parents: (
                    not (kind == "table" and name.startswith(WITHOUT_ROW_CLASSES))
                ),
            },
        )
        return list(compare_metadata(context, METADATA))

    await migrate(empty_database.admin_url)
    engine = make_owner_engine(empty_database.admin_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_two_migrators_at_once_do_it_once(empty_database: RunningServers) -> None:
    code = "import asyncio, sys; from dify_hex.bootstrap.migrate import migrate;"
    code += "asyncio.run(migrate(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, empty_database.admin_url)
        for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert await current_is_head(empty_database.database_url)


async def test_readiness_knows_an_older_schema_and_none_at_all(
    empty_database: RunningServers,
) -> None:
    answers = [await current_is_head(empty_database.database_url)]
    for step in (
        migrate(empty_database.admin_url, revisions()[0]),
        migrate(empty_database.admin_url),
    ):
        await step
        answers.append(await current_is_head(empty_database.database_url))
    await roll_back(empty_database.admin_url, "base")
    answers.append(await current_is_head(empty_database.database_url))
    assert answers == [False, False, True, False]


def test_the_head_that_readiness_expects_is_the_one_of_the_migrations() -> None:
    assert head_revision() == revisions()[-1]


@pytest.mark.parametrize("path", sorted((migrations_folder() / "versions").glob("*.py")))
def test_a_migration_is_called_by_its_revision(path: Path) -> None:
    assert path.stem in revisions()
