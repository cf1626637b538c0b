"""Every log of the process is one structured line, whoever wrote it."""

import io
import json
import logging
import signal
from collections.abc import Iterator

import pytest
import structlog

from dify_hex.bootstrap.logging import (
    configure_logging,
    listen_for_level_signals,
    shift_level,
)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging("INFO", "json")
    written = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    structlog.contextvars.clear_contextvars()
    root.handlers = handlers
    root.setLevel(level)


def _last(lines: io.StringIO) -> dict[str, object]:
    found: dict[str, object] = json.loads(lines.getvalue().splitlines()[-1])
    return found


def test_our_own_line_has_its_context(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="req_1", tenant_id="t")

    structlog.get_logger("dify_hex.x").info("app.published", version=3)

    line = _last(lines)
    assert line["event"] == "app.published"
    assert line["logger"] == "dify_hex.x"
    assert line["level"] == "info"
    assert (line["request_id"], line["tenant_id"], line["version"]) == ("req_1", "t", 3)
    assert str(line["timestamp"]).endswith("Z")


def test_a_librarys_line_looks_the_same(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="req_1")

    logging.getLogger("some.library").warning(
        "key %s", "sk-live-abcdefghijkl9876", extra={"phone": "13812345678"}
    )

    line = _last(lines)
    assert line["event"] == "key sk-l***9876"
    assert line["logger"] == "some.library"
    assert line["request_id"] == "req_1"
    assert line["phone"] == "138***5678"


def test_an_exceptions_text_is_masked_too(lines: io.StringIO) -> None:
    try:
        raise ValueError("postgresql://app:pa55word@db/x for jane@example.com")
    except ValueError:
        structlog.get_logger("x").exception("failed")
        ours = _last(lines)
        logging.getLogger("library").exception("failed")
        theirs = _last(lines)

    for line in (ours, theirs):
        assert "ValueError" in str(line["exception"])
        assert "pa55word" not in str(line)
        assert "jane" not in str(line)


def test_what_is_below_the_level_is_not_written(lines: io.StringIO) -> None:
    structlog.get_logger("x").debug("quiet")

    assert lines.getvalue() == ""


def test_the_level_moves_by_signal_and_stops_at_both_ends(lines: io.StringIO) -> None:
    listen_for_level_signals()

    signal.raise_signal(signal.SIGUSR1)
    assert logging.getLogger().level == logging.DEBUG
    assert shift_level(-1) == logging.DEBUG
    signal.raise_signal(signal.SIGUSR2)
    assert logging.getLogger().level == logging.INFO
    assert shift_level(+9) == logging.ERROR
    assert _last(lines)["to"] == "ERROR"


def test_a_terminal_gets_something_pleasant(lines: io.StringIO) -> None:
    configure_logging("INFO", "pretty")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(lines)

    structlog.get_logger("x").info("hello", who="world", password="hunter2")

    assert "hello" in lines.getvalue()
    assert "who=world" in lines.getvalue()
    assert "hunter2" not in lines.getvalue()
