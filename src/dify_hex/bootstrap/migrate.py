"""Brings the database's schema to a revision; the only module of the package that loads Alembic."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from dify_hex.adapters.persistence.engine import make_owner_engine
from dify_hex.bootstrap.schema import migrations_folder


async def migrate(admin_url: str, revision: str = "head") -> None:
    """Upgrade to the revision, in one transaction, alone.

    Raises:
        sqlalchemy.exc.DBAPIError: a migration failed; the schema is as it was before.
    """
    await _run(admin_url, lambda settings: command.upgrade(settings, revision))


async def roll_back(admin_url: str, revision: str) -> None:
    """Downgrade to the revision (`base` is before the first), in one transaction, alone."""
    await _run(admin_url, lambda settings: command.downgrade(settings, revision))


def write_revision(slug: str, day: str, parent: str) -> None:
    """Write an empty migration `<day>_<slug>` (`20261121_app`) after its parent."""
    command.revision(_settings(), message=slug, rev_id=f"{day}_{slug}", head=parent)


async def _run(admin_url: str, task: Callable[[Config], object]) -> None:
    engine = make_owner_engine(admin_url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_with_connection, task)
    finally:
        await engine.dispose()


def _with_connection(connection: Connection, task: Callable[[Config], object]) -> None:
    settings = _settings()
    settings.attributes["connection"] = connection
    task(settings)


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    settings.set_main_option("file_template", "%%(rev)s")
    settings.set_main_option("path_separator", "os")
    return settings
