"""`dify-hex accounts`: letting the first owner in, from the machine itself.

These two commands talk to the database and not to the API: before there is an owner, nobody could
sign in there.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer

from dify_hex.application.account.create_owner import CreatedOwner, CreateOwner
from dify_hex.application.account.founding import Founder
from dify_hex.application.account.issue_setup_link import IssueSetupLink, SetupLink
from dify_hex.domain.account.account import Language
from dify_hex.domain.shared.errors import DomainError
from dify_hex.entrypoints.cli.program import group_of

T = TypeVar("T")

#: More than any password that is accepted, and little enough to be read at once.
_MAX_PASSWORD_INPUT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOwnerTools:
    """What the commands work with; `api_url` is where people reach the API."""

    create_owner: CreateOwner
    issue_setup_link: IssueSetupLink
    api_url: str


#: Opens connections for the length of one command.
OpenTools = Callable[[], AbstractAsyncContextManager[FirstOwnerTools]]

_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def accounts_commands(open_tools: OpenTools) -> typer.Typer:
    """The command group, over whatever opens the tools."""
    group = group_of("Let the first owner in.")

    @group.command("create-owner")
    def create_owner(
        email: Annotated[str, typer.Option(prompt="E-mail")],
        name: Annotated[str, typer.Option(prompt="Name")],
        tenant: Annotated[str, typer.Option(help="What the tenant is called.")] = "Default",
        language: Annotated[Language, typer.Option()] = Language.ENGLISH,
        password_stdin: Annotated[
            bool, typer.Option("--password-stdin", help="Read the password from standard input.")
        ] = False,
        as_json: _Json = False,
    ) -> None:
        """Make the first tenant and its owner."""
        founder = Founder(
            email=email,
            name=name,
            password=_password(from_stdin=password_stdin),
            tenant_name=tenant,
            language=language,
        )
        owner = _told(_create_owner(open_tools, founder))
        if as_json:
            answer = {"tenant_id": str(owner.tenant_id), "account_id": str(owner.account_id)}
            typer.echo(json.dumps(answer))
        else:
            typer.echo(f"{email} owns the tenant {tenant!r}. Sign in with: dify-hex login")

    @group.command("setup-link")
    def setup_link(as_json: _Json = False) -> None:
        """Print a link that makes the first owner, once and within its time."""
        link, url = _told(_issue_link(open_tools))
        if as_json:
            typer.echo(json.dumps({"url": url, "expires_at": link.expires_at.isoformat()}))
        else:
            typer.echo(f"{url}\nIt works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC.")

    return group


async def _create_owner(open_tools: OpenTools, founder: Founder) -> CreatedOwner:
    async with open_tools() as tools:
        return await tools.create_owner.execute(founder)


async def _issue_link(open_tools: OpenTools) -> tuple[SetupLink, str]:
    async with open_tools() as tools:
        link = await tools.issue_setup_link.execute()
        return link, f"{tools.api_url}/setup/{link.token}"


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.read(_MAX_PASSWORD_INPUT).rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _told(work: Coroutine[None, None, T]) -> T:
    """The result; what the business refuses becomes one line and a failed command."""
    try:
        return asyncio.run(work)
    except DomainError as error:
        facts = ", ".join(f"{name}: {value}" for name, value in error.details.items())
        typer.echo(f"{error.message}{f' ({facts})' if facts else ''} [{error.code}]", err=True)
        raise typer.Exit(1) from None
