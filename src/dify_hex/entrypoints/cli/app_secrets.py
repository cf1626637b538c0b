"""`dify-hex apps secrets`: the secrets that an app's graph declares, set and forgotten."""

import sys
from typing import Annotated

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import unusable
from dify_hex.entrypoints.cli.names import id_of_app
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_json,
    print_page,
    print_table,
    say,
)
from dify_hex.entrypoints.cli.program import group_of

#: Characters of a secret at most, and one more to notice that there are more.
_MAX_INPUT = 32_769

commands = group_of("""Set and forget the secrets of an app's graph.

Examples:

  dify-hex apps secrets set greeter TOKEN --stdin < token.txt

  dify-hex apps secrets list greeter

  dify-hex apps secrets remove greeter TOKEN
""")

_App = Annotated[str, typer.Argument(metavar="APP", help="Its id, slug or name.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="As the environment declares it.")]


@commands.command("list")
def list_secrets(app: _App, as_json: AsJson = False) -> None:
    """The names of an app's secrets; their values are shown to nobody."""
    api = Api.of()
    answer = api.call("GET", f"/v1/apps/{id_of_app(api, app)}/secrets")
    if as_json:
        print_page(answer)
        return
    columns = {"Name": "name", "Updated": "updated_at"}
    nothing = "It has no secrets; `dify-hex apps secrets set` sets one."
    print_table(columns, answer.data, nothing)


@commands.command("set")
def set_secret(
    app: _App,
    name: _Name,
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help="Take the value from standard input, and do not ask.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set a secret, in place of its former value; runs read it from then on."""
    value = _from_stdin() if from_stdin else typer.prompt("Value", hide_input=True, err=True)
    api = Api.of()
    path = f"/v1/apps/{id_of_app(api, app)}/secrets/{name}"
    kept = api.call("PUT", path, body={"value": value}).data
    if as_json:
        print_json(kept)
    else:
        say(f"{name} is set.")


@commands.command("remove")
def remove_secret(
    app: _App,
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a secret; nodes that need it fail from then on."""
    api = Api.of()
    app_id = id_of_app(api, app)
    confirm(f"Remove {name}?", sure=yes or as_json)
    api.call("DELETE", f"/v1/apps/{app_id}/secrets/{name}")
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        say(f"{name} is gone.")


def _from_stdin() -> str:
    value = sys.stdin.read(_MAX_INPUT).removesuffix("\n").removesuffix("\r")
    if not value:
        raise unusable("There is no value on standard input.", "Try `… --stdin < value.txt`.")
    return value
