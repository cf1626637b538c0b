"""`dify-hex login`: who the commands are, until told otherwise."""

import os
import sys
from typing import Annotated

import httpx
import typer

from dify_hex.entrypoints.cli.api import Api, open_client
from dify_hex.entrypoints.cli.credentials import CredentialsFile
from dify_hex.entrypoints.cli.failures import CommandFailed, unusable
from dify_hex.entrypoints.cli.output import AsJson, print_json, say
from dify_hex.entrypoints.cli.program import group_of
from dify_hex.entrypoints.cli.refusals import refusal, unreachable
from dify_hex.entrypoints.cli.session import login_of
from dify_hex.entrypoints.cli.target import api_url

_MAX_PASSWORD_INPUT = 4096
_HELP = """Sign in with e-mail and password, or out with --logout.

The sign-in is kept in ~/.config/dify-hex/credentials, readable by you only, and renewed by itself.
Machines set DIFY_HEX_URL and DIFY_HEX_API_KEY instead.

Examples:

  dify-hex login --email ada@example.com

  dify-hex login --url https://dify.example.com --email ada@example.com --password-stdin < secret

  dify-hex login --logout
"""

commands = group_of(_HELP)


@commands.command(help=_HELP)
def login(
    email: Annotated[str | None, typer.Option(help="Asked for when left out.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the API is.")] = None,
    tenant: Annotated[str | None, typer.Option(help="The id of the tenant to enter.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    logout: Annotated[bool, typer.Option("--logout", help="Sign out.")] = False,
    as_json: AsJson = False,
) -> None:
    file = CredentialsFile.of(os.environ)
    place = api_url(os.environ, file.read(), url)
    if logout:
        _log_out(file, place, as_json=as_json)
        return
    who = email or str(typer.prompt("E-mail"))
    with open_client(place) as client:
        body = {"email": who, "password": _password(from_stdin=password_stdin)}
        if tenant is not None:
            body["tenant_id"] = tenant
        try:
            response = client.post("/v1/auth/login", json=body)
        except httpx.HTTPError as error:
            raise unreachable(place, error) from error
    if not response.is_success:
        raise _explained(refusal(place, response))
    signed_in = login_of(who, response)
    with file.locked():
        file.write(file.read().having(place, signed_in))
    told = response.json()["data"]
    if as_json:
        print_json(
            {"url": place, "email": who, "role": told["role"], "tenant_id": told["tenant_id"]}
        )
    else:
        say(f"Signed in at {place} as {who}, {told['role']} of tenant {told['tenant_id']}.")


def _log_out(file: CredentialsFile, place: str, *, as_json: bool) -> None:
    """End the session there, and forget it here in any case."""
    was_signed_in = place in file.read().by_url
    told = True
    if was_signed_in:
        environment = {
            name: value for name, value in os.environ.items() if name != "DIFY_HEX_API_KEY"
        }
        try:
            Api.of({**environment, "DIFY_HEX_URL": place}).call("POST", "/v1/auth/logout")
        except CommandFailed:
            told = False
    with file.locked():
        file.write(file.read().without(place))
    if as_json:
        print_json({"url": place, "was_signed_in": was_signed_in, "session_ended": told})
    elif not was_signed_in:
        say(f"You were not signed in at {place}.")
    else:
        say(
            f"Signed out at {place}." if told else f"Forgot the sign-in at {place}; it may be over."
        )


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.read(_MAX_PASSWORD_INPUT).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise unusable("There is no terminal to ask for a password.", "Use --password-stdin.")
    typed: str = typer.prompt("Password", hide_input=True)
    return typed


def _explained(failure: CommandFailed) -> CommandFailed:
    """Advice that fits somebody who is just signing in."""
    if failure.code == "auth_login_failed":
        failure.hint = "Check e-mail and password; the first owner is made by `dify-hex accounts`."
    return failure
