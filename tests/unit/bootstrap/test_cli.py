"""The command `dify-hex`: what there is, and what it costs to find out."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

from dify_hex.bootstrap.cli import COMMANDS, OVER_THE_API, USAGE, run

HEAVY = ("fastapi", "sqlalchemy", "asyncpg", "redis", "litellm", "pydantic", "httpx", "rich")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)
    assert "Examples:" in text


def test_without_a_command_help_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == USAGE

    told = capsys.readouterr()
    assert "Usage:" in told.err
    assert not told.out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"dify-hex {version('dify-hex')}\n"


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["app", "list"]) == USAGE
    assert "did you mean `dify-hex apps`?" in capsys.readouterr().err


def test_an_unknown_command_leads_to_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["frobnicate"]) == USAGE
    assert "dify-hex --help" in capsys.readouterr().err


@pytest.mark.parametrize("name", OVER_THE_API)
def test_every_client_command_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    assert f"dify-hex {name}" in capsys.readouterr().out


def test_starting_everything_loads_no_framework() -> None:
    probe = (
        "import sys, dify_hex.bootstrap.cli, dify_hex.bootstrap.up\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("name", OVER_THE_API)
def test_a_client_loads_nothing_of_the_server(name: str) -> None:
    import_module(f"dify_hex.entrypoints.cli.{name}")
    probe = (
        f"import sys, dify_hex.entrypoints.cli.{name}\n"
        "ours = [name for name in sys.modules if name.startswith('dify_hex.')]\n"
        "print(*[name for name in ours if not name.startswith('dify_hex.entrypoints')])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
