"""`dify-hex tasks`: looking at background jobs, watching them, steering them."""

import json
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_facts,
    print_json,
    print_page,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

commands = group_of("""Look at background jobs, watch them, try them again, cancel and drop them.

Examples:

  dify-hex tasks list --status processing

  dify-hex tasks list --dead

  dify-hex tasks show 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de --follow

  dify-hex tasks retry 019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de
""")

_Task = Annotated[str, typer.Argument(metavar="TASK", help="Its id.")]
_OVER = ("success", "failure")
#: Seconds between two looks at a task that is followed.
_LOOK_EVERY = 0.5


@commands.command("list")
def list_tasks(
    status: Annotated[
        str | None, typer.Option(help="pending, processing, success or failure.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Of this kind: index_document …")] = None,
    queue: Annotated[str | None, typer.Option(help="critical, high, normal or low.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    after: Annotated[str | None, typer.Option(help="Go on after the task with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: AsJson = False,
) -> None:
    """The background jobs of the tenant, newest first."""
    query = {
        "status": status,
        "kind": kind,
        "queue": queue,
        "dead": "true" if dead else None,
        "after": after,
        "limit": limit,
    }
    answer = Api.of().call("GET", "/v1/tasks", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {"ID": "id", "Kind": "kind", "Queue": "queue", "Status": "status", "Done": "done"}
    rows = [{**task, "done": _percent(task), "why": _error(task)} for task in answer.data]
    print_table({**columns, "Created": "created_at", "Error": "why"}, rows, "There are no tasks.")
    if answer.pagination.get("has_more"):
        whisper(f"There are more: --after {answer.pagination['next_cursor']}")


@commands.command()
def show(
    task: _Task,
    follow: Annotated[bool, typer.Option("--follow", help="Watch it until it is over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where a task stands; followed, fails where it does."""
    api = Api.of()
    found = follow_task(api, task, quiet=as_json) if follow else _get(api, task)
    _print_task(found, as_json=as_json)
    if follow and found["status"] == "failure":
        raise typer.Exit(code=1)


@commands.command()
def retry(task: _Task, as_json: AsJson = False) -> None:
    """Let a failed task begin anew."""
    _print_task(Api.of().call("POST", f"/v1/tasks/{task}/retry").data, as_json=as_json)


@commands.command()
def cancel(task: _Task, as_json: AsJson = False) -> None:
    """End a task that nobody wants any more."""
    _print_task(Api.of().call("POST", f"/v1/tasks/{task}/cancel").data, as_json=as_json)


@commands.command()
def drop(
    task: _Task,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a task that has failed."""
    confirm(f"Forget the task {task}?", sure=yes or as_json)
    Api.of().call("DELETE", f"/v1/tasks/{task}")
    if as_json:
        print_json({"id": task, "dropped": True})
        return
    say("The task is forgotten.")


def follow_task(api: Api, task: str, *, quiet: bool = False) -> dict[str, Any]:
    """The task once it is over; until then a person sees a bar move, beside the output."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as shown:
        bar = shown.add_task("waiting", total=100)
        while True:
            found = _get(api, task)
            shown.update(bar, completed=found["progress"], description=_doing(found))
            if found["status"] in _OVER:
                return found
            time.sleep(_LOOK_EVERY)


def _get(api: Api, task: str) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", f"/v1/tasks/{task}").data
    return found


def _doing(task: dict[str, Any]) -> str:
    return str(task["note"] or ("waiting" if task["status"] == "pending" else task["kind"]))


def _percent(task: dict[str, Any]) -> str:
    return f"{task['progress']:.0f} %"


def _error(task: dict[str, Any]) -> str | None:
    return None if task["error"] is None else str(task["error"]["code"])


def _print_task(task: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(task)
        return
    error = task["error"]
    print_facts(
        {
            "ID": task["id"],
            "Kind": task["kind"],
            "Queue": task["queue"],
            "Status": task["status"],
            "Progress": _percent(task),
            "Doing": task["note"],
            "Attempts": f"{task['attempts']} of {task['max_attempts']}",
            "Created": task["created_at"],
            "Started": task["started_at"],
            "Ended": task["finished_at"],
            "Dead": "yes" if task["dead"] else None,
            "Result": None if task["result"] is None else json.dumps(task["result"]),
            "Error": None if error is None else f"{error['message']} [{error['code']}]",
        }
    )
