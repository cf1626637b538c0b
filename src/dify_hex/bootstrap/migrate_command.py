"""`dify-hex migrate`: the database's schema, brought to what this release needs."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from dify_hex.adapters.persistence.knowledge.vector_preparation import prepare_vectors
from dify_hex.adapters.persistence.workflow.partition_keeper import JournalPartitions
from dify_hex.application.shared.clock import SystemClock
from dify_hex.bootstrap.endpoints import NotConfigured, read_parts
from dify_hex.bootstrap.migrate import migrate, roll_back
from dify_hex.bootstrap.schema import head_revision
from dify_hex.bootstrap.service_command import bad_settings
from dify_hex.bootstrap.settings import Settings
from dify_hex.domain.shared.errors import Unavailable

_DESCRIPTION = (
    "Bring the database of DATABASE_ADMIN_URL (or the embedded one) to the newest schema."
)


def main(arguments: Sequence[str]) -> int:
    """Migrate; 1 when that failed, and then the schema is as it was before."""
    parser = argparse.ArgumentParser(prog="dify-hex migrate", description=_DESCRIPTION)
    parser.add_argument("--down-to", metavar="REVISION", help="go back instead; `base` to nothing")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    try:
        url = _admin_url(Settings())
        work = roll_back(url, given.down_to) if given.down_to else _upgrade(url)
        asyncio.run(work)
    except ValidationError as error:
        return _failed(bad_settings(error), as_json=given.json)
    except (NotConfigured, SQLAlchemyError, Unavailable, OSError, ValueError) as error:
        return _failed(_reason(error), as_json=given.json)
    reached = given.down_to or head_revision()
    answer = json.dumps({"revision": reached}) if given.json else f"The schema is at {reached}."
    sys.stdout.write(f"{answer}\n")
    return 0


async def _upgrade(url: str) -> None:
    await migrate(url)
    await JournalPartitions(url, SystemClock()).make_ahead()
    # The extension that keeps vectors may have come since the migration that would have used it.
    await prepare_vectors(url)


def _admin_url(settings: Settings) -> str:
    """The owner's login; the others are not needed to migrate, so that they may not exist yet."""
    if settings.database_admin_url is not None:
        return settings.database_admin_url.get_secret_value()
    try:
        return read_parts(settings.run_folder)["database_admin_url"]
    except KeyError:
        reason = "DATABASE_ADMIN_URL is not set and no embedded part runs: try `dify-hex up`"
        raise NotConfigured(reason) from None


def _failed(reason: str, *, as_json: bool) -> int:
    line = json.dumps({"error": reason}) if as_json else f"dify-hex migrate: {reason}"
    sys.stderr.write(f"{line}\n")
    return 1


def _reason(error: Exception) -> str:
    if isinstance(error, NotConfigured):
        return str(error)
    text = str(error).strip() or type(error).__name__
    return f"nothing was changed: {text}"
