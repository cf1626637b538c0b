"""The time, as something that tests can hold still."""

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; always aware, always UTC."""

    @abstractmethod
    def now(self) -> datetime:
        """The present moment."""


class SystemClock(Clock):
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)
