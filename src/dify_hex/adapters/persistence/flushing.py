"""Writes down, every few seconds, what was noted in memory meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from dify_hex.domain.shared.errors import Unavailable

_log = structlog.get_logger(__name__)


async def flush_every(seconds: float, flush: Callable[[], Awaitable[None]], *, lost: str) -> None:
    """Flush for ever, and once more when cancelled.

    An outage costs the notes of its time and nothing else; `lost` is what the log calls that.
    """
    try:
        while True:
            await asyncio.sleep(seconds)
            await _try(flush, lost)
    finally:
        await asyncio.shield(_try(flush, lost))


async def _try(flush: Callable[[], Awaitable[None]], lost: str) -> None:
    try:
        await flush()
    except Unavailable:
        _log.warning(lost, reason="database unavailable")
