"""`dify-hex accounts`: the commands for the first owner, on the database of this machine."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import ValidationError

from dify_hex.bootstrap.assembly import make_container
from dify_hex.bootstrap.endpoints import NotConfigured
from dify_hex.bootstrap.service_command import bad_settings
from dify_hex.bootstrap.settings import Settings
from dify_hex.entrypoints.cli.accounts import FirstOwnerTools, accounts_commands
from dify_hex.entrypoints.cli.program import run

#: What is listened on at every address is reached at this one.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared only


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; 1 when there is no database to run it on."""
    try:
        return run("accounts", accounts_commands(_open_tools), arguments)
    except NotConfigured as error:
        return _failed(str(error))
    except ValidationError as error:
        return _failed(bad_settings(error))


def api_url(settings: Settings) -> str:
    """Where a browser on this machine reaches the API."""
    host = _ANYWHERE.get(settings.server.bind, settings.server.bind)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.server.port}"


@asynccontextmanager
async def _open_tools() -> AsyncIterator[FirstOwnerTools]:
    settings = Settings()
    container = make_container(settings, "accounts")
    account = container.account()
    try:
        yield FirstOwnerTools(
            create_owner=account.create_owner(),
            issue_setup_link=account.issue_setup_link(),
            api_url=api_url(settings),
        )
    finally:
        await container.shared().engine().dispose()


def _failed(reason: str) -> int:
    sys.stderr.write(f"dify-hex accounts: {reason}\n")
    return 1
