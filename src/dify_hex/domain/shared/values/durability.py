"""How much of a run survives the process that executes it."""

from enum import StrEnum


class Durability(StrEnum):
    """What of a run is committed, and when, against what comes after it.

    `STRICT` commits an outcome before any later effect leaves; `RELAXED` commits in the
    background; `NONE` keeps only how the run began and ended.
    """

    STRICT = "strict"
    RELAXED = "relaxed"
    NONE = "none"
