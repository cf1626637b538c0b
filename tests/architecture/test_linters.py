"""The rules which the linter and the type checker carry for us are switched on."""

from pathlib import Path

import pytest

from tests.architecture.planting import ROOT, run, write

BRANCHES = "".join(f"    if a == {number}:\n        print(a)\n" for number in range(10))
HEAD = '"""Planted."""\n\n'

REFUSED = [
    ("C901", f"def tangled(a: int) -> None:\n{BRANCHES}"),
    ("TID251", "from typing import TYPE_CHECKING\n"),
    ("TID251", "import pickle\n"),
    ("TID251", "from unittest.mock import Mock\n"),
    ("TID251", "from urllib.request import urlopen\n"),
    ("TID251", "import http.client\n"),
    ("TID251", "import datetime\n\nnow = datetime.datetime.utcnow()\n"),
    ("TID252", "from .ids import AppId\n"),
    ("S307", "value = eval('1')\n"),
    ("S102", "exec('1')\n"),
    ("BLE001", "try:\n    print()\nexcept Exception:\n    print()\n"),
    ("ASYNC251", "import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n"),
    ("DTZ005", "from datetime import datetime\n\nnow = datetime.now()\n"),
    ("T201", "print()\n"),
    ("PGH003", "import a  # type: ignore\n"),
    ("E501", f"text = '{'a' * 100}'\n"),
]


@pytest.mark.parametrize(("rule", "code"), REFUSED, ids=lambda value: value[:8])
def test_the_linter_refuses(rule: str, code: str) -> None:
    name = "src/dify_hex/domain/app/seed.py"

    outcome = run(
        "ruff", "check", "--no-cache", "--stdin-filename", name, "-", folder=ROOT, text=HEAD + code
    )

    assert outcome.code == 1
    assert f"{rule} " in outcome.text


def test_vendored_files_are_left_alone() -> None:
    outcome = run("ruff", "check", "--no-cache", "--show-files", folder=ROOT)

    assert "docs_assets" not in outcome.text


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def f(a):\n    return a\n", "no-untyped-def"),
        ("def f(a: list) -> None: ...\n", "type-arg"),
        ("def f(a: int | None) -> int:\n    return a\n", "return-value"),
        ("def f(a: int) -> int:\n    return 1\n    return a\n", "unreachable"),
    ],
    ids=lambda value: value[:12],
)
def test_the_type_checker_refuses(code: str, error: str, tmp_path: Path) -> None:
    write(tmp_path, "seed.py", HEAD + code)
    write(tmp_path, "pyproject.toml", (ROOT / "pyproject.toml").read_text("utf-8"))

    outcome = run("mypy", "--cache-dir", str(ROOT / ".mypy_cache"), "seed.py", folder=tmp_path)

    assert outcome.code == 1
    assert f"[{error}]" in outcome.text
