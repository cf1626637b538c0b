"""`dify-hex keys`: making and revoking API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.names import id_of_app
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_json,
    print_page,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

#: What a program needs that talks to an app.
TALKING = ("app:run", "conversation:read", "conversation:write", "run:read")

commands = group_of("""Make and revoke API keys.

Examples:

  dify-hex keys create website --app support-bot --days 90

  dify-hex keys create deploy --scope app:read --scope app:write --scope app:publish

  KEY=$(dify-hex keys create script --app support-bot)
""")

_App = Annotated[str | None, typer.Option(help="Only for this app: its id, slug or name.")]


@commands.command("list")
def list_keys(
    app: _App = None,
    page: Annotated[int, typer.Option(min=1)] = 1,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """The keys of the tenant, newest first, revoked ones included."""
    api = Api.of()
    app_id = None if app is None else id_of_app(api, app)
    query = {"app_id": app_id, "page": page, "limit": limit}
    answer = api.call("GET", "/v1/api-keys", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {
        "ID": "id",
        "Name": "name",
        "Key": "hint",
        "Scopes": "scopes",
        "Last used": "last_used_at",
        "Expires": "expires_at",
        "Revoked": "revoked_at",
    }
    print_table(columns, answer.data, "There are no keys; `dify-hex keys create` makes one.")


@commands.command()
def create(
    name: str,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"May be repeated; without it {', '.join(TALKING)}."),
    ] = None,
    app: _App = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="For so many days; else for good.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once."""
    api = Api.of()
    body: dict[str, object] = {"name": name, "scopes": list(scope or TALKING)}
    if app is not None:
        body["app_id"] = id_of_app(api, app)
    if days is not None:
        body["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    made = api.call("POST", "/v1/api-keys", body=body).data
    if as_json:
        print_json(made)
        return
    # The key alone goes to standard output, so that a shell can take it from there.
    whisper(f"Key {made['name']}, id {made['id']}. It is shown this once; keep it safe:")
    say(made["secret"])


@commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `dify-hex keys list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key useless from the next request on."""
    api = Api.of()
    key = api.call("GET", f"/v1/api-keys/{key_id}").data
    confirm(f"Revoke {key['name']} ({key['hint']})?", sure=yes or as_json)
    api.call("DELETE", f"/v1/api-keys/{key_id}")
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        say(f"Revoked {key['name']}.")
