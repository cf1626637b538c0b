"""Runs one group of commands, and turns however it ends into an exit status."""

import sys
from collections.abc import Sequence

import typer

from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, report


def run(name: str, group: typer.Typer, arguments: Sequence[str]) -> int:
    """Run `dify-hex <name> …`; a failure is told in the way that the arguments ask for."""
    try:
        group(args=list(arguments), prog_name=f"dify-hex {name}")
    except CommandFailed as failure:
        report(failure, as_json="--json" in arguments)
        return failure.status
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing is left to be flushed to nobody.
        sys.stderr.close()
        return ExitStatus.REFUSED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitStatus.OK
    return ExitStatus.OK


def group_of(help_text: str) -> typer.Typer:
    """An empty group; without arguments it explains itself."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
