"""`dify-hex runs`: looking at runs, following them, steering them."""

import json
from typing import Annotated, Any
from uuid import uuid4

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

commands = group_of("""Start runs, look at them, follow them, stop them, try them again.

Examples:

  dify-hex runs start greeting --input name=Ann

  dify-hex runs list --app support-bot --status failed

  dify-hex runs events 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de --nodes

  dify-hex runs stop 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de

  dify-hex runs retry 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de

  dify-hex runs fork 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de draft --draft

  dify-hex runs diff 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de 019aa0f1-03b2-7a6e-9b0e-6f1f3a5b7c9d
""")

_Run = Annotated[str, typer.Argument(metavar="RUN", help="Its id.")]
#: Beyond this, data of an event is cut for people.
_MAX_SHOWN = 160


@commands.command("list")
def list_runs(
    app: Annotated[str | None, typer.Option(help="Of this app: its id, slug or name.")] = None,
    status: Annotated[str | None, typer.Option(help="running, succeeded, failed …")] = None,
    user: Annotated[str | None, typer.Option(help="Of this end user.")] = None,
    parent: Annotated[str | None, typer.Option(help="What repeats or forks this run.")] = None,
    since: Annotated[str | None, typer.Option(help="Begun then or later (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Begun before (ISO 8601).")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after the run with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """The runs of the tenant, newest first."""
    api = Api.of()
    app_id = None if app is None else id_of_app(api, app)
    query = {
        "app_id": app_id,
        "status": status,
        "user": user,
        "parent": parent,
        "created_after": since,
        "created_before": until,
        "after": after,
        "limit": limit,
    }
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
def start(
    app: Annotated[str, typer.Argument(metavar="APP", help="A workflow's id, slug or name.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="NAME=JSON", help="A value for an input."),
    ] = None,
    user: Annotated[str, typer.Option(help="For which end user.")] = "cli",
    draft: Annotated[bool, typer.Option("--draft", help="The draft instead.")] = False,
    version: Annotated[
        int | None, typer.Option(min=1, help="The version of that number; else the published one.")
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Leave it to a worker, and do not wait.")
    ] = False,
    events: Annotated[bool, typer.Option("--events", help="Tell every event as it comes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a workflow, wait for its end or its first pause, and print what came of it."""
    api = Api.of()
    path = f"/v1/apps/{id_of_app(api, app)}/runs"
    body: dict[str, Any] = {"inputs": _assigned(inputs or []), "user": user}
    body["version"] = "draft" if draft else version or "published"
    if background:
        _print_begun(api, path, {**body, "response": "background"}, as_json=as_json)
        return
    opening = Opening(
        method="POST",
        path=path,
        body={**body, "response": "stream"},
        headers={"Idempotency-Key": uuid4().hex},
    )
    following = Following(api, opening)
    for event in following.events():
        if events:
            _print_event(event, as_json=as_json)
        if event.type == "run.paused":
            break
    found = api.call("GET", f"/v1/workflow-runs/{following.run_id}").data
    _print_run(found, as_json=as_json)
    if found["status"] in ("failed", "expired"):
        raise typer.Exit(code=1)


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


@commands.command()
def pause(run: _Run, as_json: AsJson = False) -> None:
    """Ask a run to pause; it does once nothing in it is under way."""
    _print_run(Api.of().call("POST", f"/v1/workflow-runs/{run}/pause").data, as_json=as_json)


@commands.command()
def resume(run: _Run, as_json: AsJson = False) -> None:
    """Let a paused run go on."""
    _print_run(Api.of().call("POST", f"/v1/workflow-runs/{run}/resume").data, as_json=as_json)


@commands.command()
def forms(run: _Run, as_json: AsJson = False) -> None:
    """The forms that a run has asked for, and where to answer them."""
    found = Api.of().call("GET", f"/v1/workflow-runs/{run}/forms").data
    if as_json:
        print_json(found)
        return
    columns = {"Node": "node_id", "Status": "status", "Until": "expires_at", "Address": "path"}
    print_table(columns, found, "The run has asked for nothing.")


@commands.command()
def retry(run: _Run, as_json: AsJson = False) -> None:
    """Begin a new run that does again what failed, and keeps what was done."""
    _print_begun(Api.of(), f"/v1/workflow-runs/{run}/retry", {}, as_json=as_json)


@commands.command()
def fork(
    run: _Run,
    node: Annotated[str, typer.Argument(metavar="NODE", help="From where to do it again.")],
    variables: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NODE.NAME=JSON", help="Another value for an output."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=JSON", help="Another value for an input."),
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="On the app's draft.")] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a new run that keeps what was done before a node, and goes on from there anew."""
    body = {
        "node_id": node,
        "variables": _assigned(variables or []),
        "inputs": _assigned(inputs or []),
        "graph": "draft" if draft else "same",
    }
    _print_begun(Api.of(), f"/v1/workflow-runs/{run}/fork", body, as_json=as_json)


@commands.command()
def replay(run: _Run, as_json: AsJson = False) -> None:
    """Compute a run once more from its journal; fails where it comes to something else."""
    found = Api.of().call("POST", f"/v1/workflow-runs/{run}/replay").data
    if as_json:
        print_json(found)
    elif found["same"]:
        say(f"No difference in {found['events']} events.")
    else:
        say(f"They part at event {found['seq']}. {found['reason']}".rstrip())
        for name in ("recorded", "computed"):
            say(f"{name}: {_told(found[name])}")
    if not found["same"]:
        raise typer.Exit(code=1)


@commands.command()
def diff(
    run: _Run,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The id of the other run.")],
    as_json: AsJson = False,
) -> None:
    """Two runs beside each other, node by node; fails where they differ."""
    query = {"with": other}
    found = Api.of().call("GET", f"/v1/workflow-runs/{run}/compare", query=query).data
    if as_json:
        print_json(found)
    else:
        columns = {"": "mark", "Node": "node", "This": "this", "Other": "other"}
        print_table(columns, [_beside(each) for each in found["nodes"]], "They have no nodes.")
    if not found["same"]:
        raise typer.Exit(code=1)


def _print_begun(api: Api, path: str, body: dict[str, Any], *, as_json: bool) -> None:
    begun = api.call("POST", path, body=body).data
    _print_run(api.call("GET", f"/v1/workflow-runs/{begun['id']}").data, as_json=as_json)


def _assigned(texts: list[str]) -> dict[str, Any]:
    """`name=value` as data; what is no JSON is a text."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} says no value; write {text}=…")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _told(event: dict[str, Any] | None) -> str:
    if event is None:
        return "nothing"
    text = json.dumps(event["data"], ensure_ascii=False)
    return f"{event['type']} {text[:_MAX_SHOWN]}"


def _beside(each: dict[str, Any]) -> dict[str, str]:
    def shown(state: dict[str, Any] | None) -> str:
        if state is None:
            return "not reached"
        took = "" if state["elapsed"] is None else f" {state['elapsed']:.3f} s"
        return f"{state['status']}{took}"

    place = f"{each['frame']}/{each['node_id']}" if each["frame"] else each["node_id"]
    return {
        "mark": " " if each["same"] else "≠",
        "node": place,
        "this": shown(each["this"]),
        "other": shown(each["other"]),
    }


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
