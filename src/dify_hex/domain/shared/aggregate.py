"""What every aggregate root shares: a version to lock on, and the events it has raised."""

from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.events import DomainEvent


class Aggregate:
    """A consistency boundary that changes only through its own verbs.

    The constructor rehydrates stored state and raises no events; a class method gives birth.
    The version rises by one per unit of work however many verbs were called in it, so that the
    number a reader has seen is enough to detect a lost update.
    """

    def __init__(self, *, version: int) -> None:
        self._stored_version = version
        self._version = version
        self._events: list[DomainEvent] = []

    @property
    def version(self) -> int:
        """The number that the next reader will see."""
        return self._version

    @property
    def stored_version(self) -> int:
        """The number this aggregate was loaded with; 0 when it is new."""
        return self._stored_version

    def expect_version(self, expected: int | None) -> None:
        """Refuse to go on when the caller has seen another version than the stored one."""
        if expected is not None and expected != self._stored_version:
            raise StaleVersion(expected=expected, actual=self._stored_version)

    def pull_events(self) -> tuple[DomainEvent, ...]:
        """Hand over the events raised so far; a second call returns only newer ones."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def _changed(self, *events: DomainEvent) -> None:
        self._version = self._stored_version + 1
        self._events.extend(events)
