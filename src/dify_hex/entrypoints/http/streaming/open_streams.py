"""The streams that a process serves at this moment, and how they are to be treated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dify_hex.application.shared.telemetry import Gauge, Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """What an operator decides about streams; all in seconds."""

    ping_every: float = 10.0
    max_length: float = 3600.0
    #: A client that takes nothing for so long is gone.
    send_timeout: float = 30.0


class OpenStreams:
    """Counts streams, and tells them all when the process is about to end."""

    def __init__(self, telemetry: Telemetry, options: StreamOptions) -> None:
        self._telemetry = telemetry
        self.options = options
        self.count = 0
        self.is_closing = False

    def close(self) -> None:
        """End every stream so that its client comes back, to another process."""
        self.is_closing = True

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """A stream is open while the context is."""
        self.count += 1
        self._telemetry.add_to_gauge(Gauge.STREAMS_OPEN, 1)
        try:
            yield
        finally:
            self.count -= 1
            self._telemetry.add_to_gauge(Gauge.STREAMS_OPEN, -1)
