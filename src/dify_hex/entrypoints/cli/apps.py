"""`dify-hex apps`: making, editing, publishing and retiring apps."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.app_secrets import commands as secrets
from dify_hex.entrypoints.cli.drafts import DraftChange, change_draft, print_draft
from dify_hex.entrypoints.cli.failures import CommandFailed
from dify_hex.entrypoints.cli.names import id_of_app, id_of_knowledge
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_facts,
    print_json,
    print_page,
    print_table,
    say,
)
from dify_hex.entrypoints.cli.program import group_of

commands = group_of("""Create, edit, publish and retire apps.

Examples:

  dify-hex apps create "Support bot" --prompt "You are friendly and brief." --publish

  dify-hex apps draft support-bot --model openai/gpt-4.1-mini --knowledge Handbook

  dify-hex apps publish support-bot --label 1.1

  dify-hex apps versions support-bot

  dify-hex apps secrets set greeter TOKEN --stdin < token.txt
""")
commands.add_typer(secrets, name="secrets")

AppName = Annotated[str, typer.Argument(metavar="APP", help="Its id, slug or name.")]
_Prompt = Annotated[str | None, typer.Option(help="The prompt, with {{ name }} for variables.")]
_Model = Annotated[
    str | None, typer.Option(metavar="PROVIDER/MODEL", help="As `dify-hex models list` shows them.")
]
_Opening = Annotated[str | None, typer.Option(help="What a chat app says first.")]
_File = Annotated[
    Path | None, typer.Option(help="The whole configuration as JSON; `-` is standard input.")
]
_Knowledge = Annotated[
    list[str] | None,
    typer.Option(help="An id or name of what it answers from; may be given several times."),
]
_Page = Annotated[int, typer.Option(min=1)]
_Limit = Annotated[int, typer.Option(min=1, max=100)]
_COLUMNS = {"ID": "id", "Slug": "slug", "Name": "name", "Mode": "mode", "Status": "status"}


@commands.command("list")
def list_apps(
    q: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    status: Annotated[str | None, typer.Option(help="active or archived.")] = None,
    page: _Page = 1,
    limit: _Limit = 20,
    as_json: AsJson = False,
) -> None:
    """The apps of the tenant, newest first."""
    query = {"q": q, "status": status, "page": page, "limit": limit}
    answer = Api.of().call("GET", "/v1/apps", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {**_COLUMNS, "Published": "published_version", "Updated": "updated_at"}
    print_table(columns, answer.data, "There are no apps; `dify-hex apps create` makes one.")


@commands.command()
def create(
    name: str,
    mode: Annotated[str, typer.Option(help="chat, completion, chatflow or workflow.")] = "chat",
    description: str = "",
    prompt: _Prompt = None,
    model: _Model = None,
    opening: _Opening = None,
    file: _File = None,
    knowledge: _Knowledge = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an app; without more it has a configuration that works."""
    api = Api.of()
    change = DraftChange(
        prompt=prompt, model=model, opening=opening, file=file, knowledge=_ids(api, knowledge)
    )
    body = {"name": name, "mode": mode, "description": description}
    app = api.call("POST", "/v1/apps", body=body).data
    try:
        if change.is_wanted:
            change_draft(api, app["id"], change)
        if publish:
            api.call("POST", f"/v1/apps/{app['id']}/publish", body={})
    except CommandFailed as failure:
        failure.hint = f"The app is there, as {app['slug']}. {failure.hint}".strip()
        raise
    _print_app(api.call("GET", f"/v1/apps/{app['id']}").data, as_json=as_json)


@commands.command()
def show(app: AppName, as_json: AsJson = False) -> None:
    """One app."""
    api = Api.of()
    _print_app(api.call("GET", f"/v1/apps/{id_of_app(api, app)}").data, as_json=as_json)


@commands.command()
def draft(
    app: AppName,
    prompt: _Prompt = None,
    model: _Model = None,
    opening: _Opening = None,
    file: _File = None,
    knowledge: _Knowledge = None,
    as_json: AsJson = False,
) -> None:
    """Show the draft, or change it; what is published stays as it is."""
    api = Api.of()
    change = DraftChange(
        prompt=prompt, model=model, opening=opening, file=file, knowledge=_ids(api, knowledge)
    )
    app_id = id_of_app(api, app)
    if change.is_wanted:
        found = change_draft(api, app_id, change).data
    else:
        found = api.call("GET", f"/v1/apps/{app_id}/draft").data
    if as_json:
        print_json(found)
    else:
        print_draft(found)


@commands.command()
def publish(
    app: AppName,
    label: Annotated[str, typer.Option(help="A short name for the version.")] = "",
    note: Annotated[str, typer.Option(help="What is new in it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Freeze the draft into the next version, which answers from now on."""
    api = Api.of()
    body = {"label": label, "note": note}
    version = api.call("POST", f"/v1/apps/{id_of_app(api, app)}/publish", body=body).data
    if as_json:
        print_json(version)
    else:
        say(f"Published version {version['number']}.")


@commands.command()
def versions(app: AppName, page: _Page = 1, limit: _Limit = 20, as_json: AsJson = False) -> None:
    """The published versions, the latest first."""
    api = Api.of()
    path = f"/v1/apps/{id_of_app(api, app)}/versions"
    answer = api.call("GET", path, query={"page": page, "limit": limit})
    if as_json:
        print_page(answer)
        return
    columns = {"Number": "number", "Label": "label", "Published": "published_at", "Note": "note"}
    print_table(columns, answer.data, "Nothing is published yet; see `dify-hex apps publish`.")


@commands.command()
def restore(app: AppName, number: int, as_json: AsJson = False) -> None:
    """Make a version's configuration the draft again; what is published stays."""
    api = Api.of()
    path = f"/v1/apps/{id_of_app(api, app)}/versions/{number}/restore"
    draft = api.call("POST", path).data
    if as_json:
        print_json(draft)
    else:
        say(f"The draft is version {number} again; `dify-hex apps publish` publishes it.")


@commands.command()
def archive(
    app: AppName,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back into use.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take an app out of use, keeping everything."""
    api = Api.of()
    verb = "unarchive" if undo else "archive"
    found = api.call("POST", f"/v1/apps/{id_of_app(api, app)}/{verb}").data
    if as_json:
        print_json(found)
    else:
        say(f"{found['name']} is {found['status']}.")


@commands.command()
def delete(
    app: AppName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete an app with its versions; its name can be used again at once."""
    api = Api.of()
    app_id = id_of_app(api, app)
    confirm(f"Delete {app}?", sure=yes or as_json)
    api.call("DELETE", f"/v1/apps/{app_id}")
    if as_json:
        print_json({"id": app_id, "deleted": True})
    else:
        say(f"Deleted {app}.")


def _print_app(app: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(app)
        return
    shown = {heading: app[name] for heading, name in _COLUMNS.items()}
    published = app["published_version"] or "nothing yet; see `dify-hex apps publish`"
    about = {"Description": app["description"], "Published": published}
    print_facts({**shown, **about, "Created": app["created_at"], "Updated": app["updated_at"]})


def _ids(api: Api, knowledge: list[str] | None) -> tuple[str, ...] | None:
    return None if knowledge is None else tuple(id_of_knowledge(api, each) for each in knowledge)
