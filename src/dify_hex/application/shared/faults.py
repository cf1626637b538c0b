"""Where an unexpected error is reported when no caller waits for it."""

from abc import abstractmethod
from typing import Protocol


class FaultReporter(Protocol):
    """Takes note of errors that nobody foresaw; never raises itself."""

    @abstractmethod
    def report(self, error: BaseException, *, where: str, **context: str) -> None:
        """Record the error with its trace and what it happened to."""
