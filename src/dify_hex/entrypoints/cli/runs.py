"""`dify-hex runs`: looking at runs, following them, stopping them."""

import json
from typing import Annotated, Any

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.following import Following, Opening, Told
from dify_hex.entrypoints.cli.names import id_of_app
from dify_hex.entrypoints.cli.output import (
    AsJson,
    print_facts,
    print_json,
    print_page,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

commands = group_of("""Look at runs, follow them, stop them.

Examples:

  dify-hex runs list --app support-bot --status failed

  dify-hex runs events 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de --nodes

  dify-hex runs stop 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de
""")

_Run = Annotated[str, typer.Argument(metavar="RUN", help="Its id.")]
#: Beyond this, data of an event is cut for people.
_MAX_SHOWN = 160


@commands.command("list")
def list_runs(
    app: Annotated[str | None, typer.Option(help="Of this app: its id, slug or name.")] = None,
    status: Annotated[str | None, typer.Option(help="running, succeeded, failed …")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after the run with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """The runs of the tenant, newest first."""
    api = Api.of()
    app_id = None if app is None else id_of_app(api, app)
    query = {"app_id": app_id, "status": status, "after": after, "limit": limit}
    answer = api.call("GET", "/v1/workflow-runs", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {"ID": "id", "Status": "status", "User": "user", "Started": "started_at"}
    rows = [{**run, "tokens": run["usage"]["total_tokens"]} for run in answer.data]
    print_table({**columns, "Ended": "finished_at", "Tokens": "tokens"}, rows, "There are no runs.")
    if answer.pagination.get("has_more"):
        whisper(f"There are more: --after {answer.pagination['next_cursor']}")


@commands.command()
def show(run: _Run, as_json: AsJson = False) -> None:
    """Where a run stands, and what came of it."""
    _print_run(Api.of().call("GET", f"/v1/workflow-runs/{run}").data, as_json=as_json)


@commands.command()
def events(
    run: _Run,
    after: Annotated[str | None, typer.Option(help="The id of the last event seen.")] = None,
    nodes: Annotated[bool, typer.Option("--nodes", help="Those of the nodes too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow a run to its end, or read it again after that; with --json an event on each line."""
    opening = Opening(method="GET", path=f"/v1/workflow-runs/{run}/events")
    query = {"detail": "nodes"} if nodes else None
    for event in Following(Api.of(), opening, after=after, query=query).events():
        _print_event(event, as_json=as_json)


@commands.command()
def stop(run: _Run, as_json: AsJson = False) -> None:
    """Ask for the end of a run; one that has ended stays as it is."""
    _print_run(Api.of().call("POST", f"/v1/workflow-runs/{run}/stop").data, as_json=as_json)


def _print_event(event: Told, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": event.id, "event": event.type, "data": event.data})
        return
    text = json.dumps(event.data, ensure_ascii=False)
    shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
    say(f"{event.id:<8}{event.type:<20}{shown}")


def _print_run(run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(run)
        return
    error = run["error"]
    print_facts(
        {
            "ID": run["id"],
            "Status": run["status"],
            "Progress": f"{run['progress']} %",
            "App": run["app_id"],
            "Message": run["message_id"],
            "User": run["user"],
            "Started": run["started_at"],
            "Ended": run["finished_at"],
            "Steps": run["steps"],
            "Tokens": run["usage"]["total_tokens"],
            "Result": None if run["result"] is None else json.dumps(run["result"]),
            "Error": None if error is None else f"{error['message']} [{error['code']}]",
        }
    )
