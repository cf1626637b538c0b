"""Somebody at a terminal, for tests of the commands against the running API."""

import io
import json
import sys
from typing import Any

import pytest

from dify_hex.bootstrap.cli import run

OK, REFUSED, USAGE, UNREACHABLE, NOT_SIGNED_IN, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Terminal:
    """Somebody at a terminal, signed in or not."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.errors = ""

    def run(self, *arguments: str, typed: str = "", expect: int = OK) -> str:
        """What the command prints; it has to end as expected."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        self._capsys.readouterr()
        status = run(arguments)
        told = self._capsys.readouterr()
        self.errors = told.err
        assert status == expect, told.err + told.out
        return told.out

    def json(self, *arguments: str, typed: str = "") -> Any:
        """What the command tells programs."""
        return json.loads(self.run(*arguments, "--json", typed=typed))

    def failure(self, *arguments: str, expect: int = REFUSED) -> dict[str, Any]:
        """What the command tells programs when it fails."""
        self.run(*arguments, "--json", expect=expect)
        failure: dict[str, Any] = json.loads(self.errors)
        return failure
