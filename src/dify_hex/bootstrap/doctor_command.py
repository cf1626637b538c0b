"""`dify-hex doctor`: its findings on the terminal, or for a program."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from dify_hex.bootstrap.doctor import examine
from dify_hex.bootstrap.finding import Finding, Verdict, as_json, failed, is_healthy
from dify_hex.bootstrap.service_command import bad_settings
from dify_hex.bootstrap.settings import Settings

_MARKS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.FAILED: ("✗", "red"),
}


def main(arguments: Sequence[str]) -> int:
    """Look at everything; 1 when something the service needs is not as it has to be."""
    parser = argparse.ArgumentParser(
        prog="dify-hex doctor",
        description="Look at everything the service stands on, and say what to do about it.",
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    findings = _findings()
    if given.json:
        sys.stdout.write(f"{json.dumps(as_json(findings))}\n")
    else:
        _show(findings, Console(highlight=False))
    return 0 if is_healthy(findings) else 1


def _findings() -> list[Finding]:
    try:
        settings = Settings()
    except ValidationError as error:
        return [failed("settings", bad_settings(error), "correct these environment variables")]
    return asyncio.run(examine(settings))


def _show(findings: Sequence[Finding], console: Console) -> None:
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        mark, colour = _MARKS[finding.verdict]
        console.print(Text.assemble((mark, colour), f" {finding.subject:<{width}}  {finding.text}"))
        if finding.advice:
            console.print(Text(f"  {'':<{width}}  → {finding.advice}", style=colour))
