"""What `dify-hex up` shows."""

import io
from pathlib import Path

import pytest

from dify_hex.bootstrap.supervision import Began, Ended
from dify_hex.bootstrap.up_screen import Screen


def text_of(buffer: io.TextIOWrapper) -> str:
    buffer.flush()
    buffer.seek(0)
    return buffer.read()


@pytest.fixture
def terminal() -> io.TextIOWrapper:
    """A terminal that speaks UTF-8."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def test_each_thing_that_starts_has_a_line(terminal: io.TextIOWrapper) -> None:
    screen = Screen(out=terminal)
    screen.notice(Began(name="postgres", seconds=0.42))
    screen.notice(Ended(name="worker", reason="killed by signal 9", delay=0.1))
    assert text_of(terminal) == (
        "  ✓ database          0.4 s\n  ✗ worker: killed by signal 9; again in 0.1 s\n"
    )


def test_a_plain_terminal_gets_plain_letters() -> None:
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    screen = Screen(out=plain)
    screen.notice(Began(name="api", seconds=1))
    screen.echo("api", '{"level": "error", "event": "名"}')
    assert (
        text_of(plain)
        == '  ok API               1.0 s\n    API: {"level": "error", "event": "?"}\n'
    )


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [
        ('{"level":"info","event":"x"}', False),
        ('{"level":"warning","event":"x"}', True),
        ("anything", False),
    ],
)
def test_only_what_is_serious_is_passed_on(
    terminal: io.TextIOWrapper, line: str, is_shown: bool
) -> None:
    Screen(out=terminal).echo("api", line)
    assert (line in text_of(terminal)) is is_shown


def test_everything_is_passed_on_when_asked_for(terminal: io.TextIOWrapper) -> None:
    Screen(out=terminal, verbose=True).echo("valkey", "anything")
    assert text_of(terminal) == "    cache: anything\n"


@pytest.mark.parametrize("demo_model", [True, False])
def test_the_demonstration_model_is_called_what_it_is(
    terminal: io.TextIOWrapper, demo_model: bool
) -> None:
    Screen(out=terminal).ready("http://127.0.0.1:8000", Path("/logs"), demo_model=demo_model)
    shown = text_of(terminal)
    assert ("tiny English" in shown) is demo_model
    assert ("dify-hex models add openai --api-key-stdin" in shown) is demo_model
    assert "http://127.0.0.1:8000/docs" in shown
