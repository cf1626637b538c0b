"""How a caller wants to hear of a run."""

from enum import StrEnum


class Delivery(StrEnum):
    """How the caller wants to be answered: while it comes, when it is whole, or not at all."""

    STREAM = "stream"
    BLOCKING = "blocking"
    BACKGROUND = "background"
