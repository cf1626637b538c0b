"""`dify-hex chat`: talking to an app, in one message or in many."""

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.chat_screens import PlainScreen, SilentScreen, TerminalScreen
from dify_hex.entrypoints.cli.conversing import Conversing, Reply, Screen
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, report, unusable
from dify_hex.entrypoints.cli.names import id_of_app
from dify_hex.entrypoints.cli.output import AsJson, print_json, say, whisper
from dify_hex.entrypoints.cli.program import group_of

_HELP = """Talk to an app; the answer appears as it is written.

Without --message a conversation begins: Ctrl-C stops an answer, Ctrl-D ends it. A connection that
is cut on the way is taken up again where it broke.

Examples:

  dify-hex chat support-bot

  dify-hex chat support-bot -m "Where is my parcel?" --input tone=friendly

  dify-hex chat support-bot -m "And my refund?" --conversation 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de

  git diff | dify-hex chat reviewer --json | jq -r .answer
"""
_MAX_INPUT = 1 << 20

commands = group_of(_HELP)


@commands.command(help=_HELP)
def chat(
    app: Annotated[str, typer.Argument(metavar="APP", help="Its id, slug or name.")],
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="Say this, and be done.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The end user; else your login name.")] = None,
    conversation: Annotated[str | None, typer.Option(help="The id of one to go on with.")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=VALUE", help="NAME:=VALUE is JSON. May be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    given = _inputs(inputs or ())
    text = message if message is not None or sys.stdin.isatty() else sys.stdin.read(_MAX_INPUT)
    if text is None and as_json:
        raise unusable("A conversation is for people; --json needs --message or a pipe.")
    api = Api.of()
    app_id = id_of_app(api, app)
    conversing = Conversing(
        api,
        app_id,
        _screen(as_json=as_json),
        user=user or _login_name(),
        conversation_id=conversation,
        inputs=given,
    )
    if text is None:
        _converse(conversing, _opening_statement(api, app_id))
        return
    reply = conversing.send(text)
    if as_json:
        print_json(reply.as_json())
    raise typer.Exit(_status(reply))


def _converse(conversing: Conversing, opening: str) -> None:
    if opening:
        say(opening)
    while True:
        try:
            query = _asked()
            if query.strip():
                conversing.send(query)
        except (EOFError, KeyboardInterrupt):
            say("")
            break
        except CommandFailed as failure:
            report(failure, as_json=False)
            if failure.status is not ExitStatus.REFUSED:
                break
    if conversing.conversation_id:
        whisper(f"Go on with: --conversation {conversing.conversation_id}")


def _asked() -> str:
    # Importing it gives `input` the arrow keys and a history.
    import readline  # noqa: F401, PLC0415 - only a conversation needs it

    return input("› ")


def _screen(*, as_json: bool) -> Screen:
    if as_json:
        return SilentScreen()
    return TerminalScreen() if sys.stdout.isatty() else PlainScreen()


def _status(reply: Reply) -> ExitStatus:
    match reply.status:
        case "succeeded" | "partial_succeeded":
            return ExitStatus.OK
        case "stopped":
            return ExitStatus.INTERRUPTED
        case _:
            return ExitStatus.REFUSED


def _opening_statement(api: Api, app_id: str) -> str:
    """What the app says first; nothing to those who may not read it."""
    try:
        app = api.call("GET", f"/v1/apps/{app_id}").data
        if app["published_version"] is None:
            return ""
        path = f"/v1/apps/{app_id}/versions/{app['published_version']}"
        configuration: Mapping[str, Any] = api.call("GET", path).data["configuration"]
    except CommandFailed:
        return ""
    return str(configuration.get("opening_statement", ""))


def _inputs(given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign or not name.rstrip(":"):
            raise unusable(f"{item!r} is not NAME=VALUE.")
        if not name.endswith(":"):
            found[name] = value
            continue
        try:
            found[name[:-1]] = json.loads(value)
        except ValueError as error:
            raise unusable(f"The value of {item!r} is no JSON: {error}.") from error
    return found


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "dify-hex"
