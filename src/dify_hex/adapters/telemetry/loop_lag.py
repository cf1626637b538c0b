"""How late the event loop wakes: the first sign of a process that does too much between awaits."""

import asyncio

import structlog

from dify_hex.application.shared.telemetry import Histogram, Telemetry

_SAMPLE_EVERY = 0.25
#: Seconds of lag that every stream of the process notices.
_WORTH_A_WARNING = 0.5

_log = structlog.get_logger(__name__)


async def sample_loop_lag(telemetry: Telemetry) -> None:
    """Measure the lag four times a second, for as long as the process lives."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _SAMPLE_EVERY
        await asyncio.sleep(_SAMPLE_EVERY)
        lag = max(0.0, loop.time() - due)
        telemetry.observe(Histogram.EVENT_LOOP_LAG_SECONDS, lag)
        if lag > _WORTH_A_WARNING:
            _log.warning("event_loop.late", seconds=round(lag, 3))
