"""`dify-hex workflow`: graphs in files, looked at and run without a server."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus
from dify_hex.entrypoints.cli.graph_files import (
    FileRun,
    OpenWorkbench,
    ReadGraph,
    facts_of,
    read_graph,
)
from dify_hex.entrypoints.cli.graph_run_screen import RunScreen
from dify_hex.entrypoints.cli.output import AsJson, print_json, say, whisper
from dify_hex.entrypoints.cli.program import group_of

_HELP = """Check and run graphs in files, without a server.

Examples:

  dify-hex workflow validate graph.yaml

  dify-hex workflow run graph.json --input name=Ann --input times=3

  dify-hex workflow run chatflow.yaml --query "Where is my lamp?"
"""
_File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A graph in JSON or YAML; - is standard input.")
]


def workflow_commands(read: ReadGraph, open_workbench: OpenWorkbench) -> typer.Typer:
    """The command group, over what reads graphs and what runs them."""
    group = group_of(_HELP)
    _add_validate(group, read)
    _add_run(group, read, open_workbench)
    return group


def _add_validate(group: typer.Typer, read: ReadGraph) -> None:
    @group.command()
    def validate(file: _File, as_json: AsJson = False) -> None:
        """Tell everything that keeps the graph from being published."""
        drawn = read_graph(file, read)
        faults = [fault.as_detail() for fault in drawn.faults]
        if as_json:
            print_json({"valid": not faults, "faults": faults})
        elif faults:
            _print_faults(faults)
        else:
            nodes, edges = len(drawn.graph.nodes), len(drawn.graph.edges)
            say(f"The graph has no faults ({nodes} nodes, {edges} edges).")
        if faults:
            raise typer.Exit(ExitStatus.REFUSED)


def _add_run(group: typer.Typer, read: ReadGraph, open_workbench: OpenWorkbench) -> None:
    @group.command()
    def run(
        file: _File,
        inputs: Annotated[
            list[str] | None,
            typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input of start."),
        ] = None,
        environment: Annotated[
            list[str] | None,
            typer.Option("--env", metavar="NAME=VALUE", help="A variable of the environment."),
        ] = None,
        query: Annotated[
            str | None, typer.Option("--query", "-q", help="What is said to a chatflow.")
        ] = None,
        events: Annotated[
            bool, typer.Option("--events", help="Tell every event; with --json one on each line.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Run the graph here, and print what it answers or hands back.

        Nodes that ask a model ask the server at DIFY_HEX_MODEL_URL.
        """
        drawn = read_graph(file, read)
        if drawn.faults:
            raise CommandFailed(
                "The graph has faults; `dify-hex workflow validate` lists them, too.",
                code="workflow_invalid_graph",
                details={"faults": [fault.as_detail() for fault in drawn.faults]},
            )
        wanted = FileRun(inputs=inputs or (), environment=environment or (), query=query)
        facts = facts_of(drawn.graph, wanted)
        screen = RunScreen(events=events, as_json=as_json)

        async def execute() -> None:
            async with open_workbench() as workbench:
                screen.conclude(await workbench.execute(drawn.graph, facts, screen.take))

        asyncio.run(execute())


def _print_faults(faults: Sequence[Mapping[str, str | None]]) -> None:
    for fault in faults:
        place = " ".join(filter(None, (fault.get("node_id"), fault.get("field")))) or "graph"
        say(f"{place}: {fault['message']} [{fault['code']}]")
    whisper(f"{len(faults)} faults." if len(faults) > 1 else "One fault.")
