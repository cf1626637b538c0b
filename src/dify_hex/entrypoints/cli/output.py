"""What commands print: JSON for programs, tables and facts for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dify_hex.entrypoints.cli.api import Answer

#: The option that every command has.
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

_COLOURS = {
    "active": "green",
    "archived": "dim",
    "pending": "yellow",
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "stopped": "yellow",
    "paused": "yellow",
    "processing": "cyan",
    "completed": "green",
    "cancelled": "dim",
    "success": "green",
    "failure": "red",
    "revoked": "dim",
    "expired": "dim",
}


def print_json(value: object) -> None:
    """One line of JSON."""
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=False)}\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line for a person."""
    sys.stdout.write(f"{text}\n")


def whisper(text: str) -> None:
    """One line for a person, beside what the command is asked for."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_page(answer: Answer) -> None:
    """A list with where it stands, for a program."""
    print_json({"data": answer.data, "pagination": answer.pagination})


def confirm(question: str, *, sure: bool) -> None:
    """Go on only with consent."""
    if not sure:
        typer.confirm(question, abort=True)


def print_table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], empty: str) -> None:
    """Rows under headings; `columns` maps each heading to the field that stands below it."""
    listed = list(rows)
    if not listed:
        whisper(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns:
        table.add_column(heading, overflow="fold", no_wrap=heading == "ID")
    for row in listed:
        table.add_row(*(_cell(row.get(name)) for name in columns.values()))
    console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """One fact on each line; those without a value are left out."""
    known = {name: value for name, value in facts.items() if value not in (None, "", [])}
    width = max(map(len, known), default=0)
    for name, value in known.items():
        console().print(Text(f"{name:<{width}}  ", style="bold") + _cell(value))


def console() -> Console:
    """Where tables go: as wide as the terminal, and uncut where there is none."""
    width = None if sys.stdout.isatty() else 1000
    return Console(width=width, highlight=False, soft_wrap=not sys.stdout.isatty())


def _cell(value: object) -> Text:
    match value:
        case None:
            return Text("—", style="dim")
        case bool():
            return Text("yes" if value else "no")
        case str() if moment := _moment(value):
            return Text(moment)
        case str():
            return Text(value, style=_COLOURS.get(value, ""))
        case Sequence():
            return Text(", ".join(map(str, value)))
        case _:
            return Text(str(value))


def _moment(text: str) -> str | None:
    """An ISO time as people read it, in their own zone."""
    if len(text) < len("2026-01-01T00:00:00Z") or text[10:11] != "T":
        return None
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
