"""What all durable facts of a run have in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What every RunEvent has: the moment it happened, by the clock of the run's owner."""

    type: ClassVar[str]

    at: datetime
