"""Logs: one JSON object a line, or something pleasant on a terminal; secrets never."""

import logging
import signal
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import orjson
import structlog
from structlog.typing import Processor

from dify_hex.bootstrap.log_stream import GatheredLines
from dify_hex.bootstrap.masking import mask_event

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
#: These speak for themselves elsewhere, or too much.
_QUIET = ("uvicorn.access", "httpx", "httpcore", "asyncio", "arq.worker", "alembic")

Format = Literal["auto", "json", "pretty"]


def configure_logging(level: str, style: Format) -> None:
    """Send every log of this process, the libraries' too, through one masked, structured line.

    SIGUSR1 then makes the process say more, SIGUSR2 less.
    """
    pretty = style == "pretty" or (style == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr if pretty else GatheredLines(sys.stderr))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[
                _add_origin,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.contextvars.merge_contextvars,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                mask_event,
                _pretty() if pretty else structlog.processors.JSONRenderer(_dump),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


def listen_for_level_signals() -> None:
    """SIGUSR1 lowers the threshold one step, so that more is said; SIGUSR2 raises it."""
    signal.signal(signal.SIGUSR1, lambda *_: shift_level(-1))
    signal.signal(signal.SIGUSR2, lambda *_: shift_level(+1))


def shift_level(steps: int) -> int:
    """Move the threshold by so many steps and return it; it stops at both ends."""
    root = logging.getLogger()
    place = min(range(len(_LEVELS)), key=lambda i: abs(_LEVELS[i] - root.level)) + steps
    root.setLevel(_LEVELS[max(0, min(place, len(_LEVELS) - 1))])
    name = logging.getLevelName(root.level)
    root.log(max(root.level, logging.WARNING), "log.level_changed", extra={"to": name})
    return root.level


def _add_origin(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    record: logging.LogRecord = event["_record"]
    event["level"] = record.levelname.lower()
    event["logger"] = record.name
    # uvicorn says everything twice, once in colour.
    event.pop("color_message", None)
    return event


def _dump(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _pretty() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )
