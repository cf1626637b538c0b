"""How the service is set up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSource:
    """What a profile is made of, beside the standard library."""

    #: Folders with its libraries.
    libraries: Sequence[str] = ()
    #: Whether code may import more of them than was imported for it.
    shows_libraries: bool = False
    #: Where nothing was found: what the operator is to do.
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """Where the service listens, how much it takes on, and behind which walls."""

    #: A unix socket; or `host` and `port` for callers on other machines, with a token.
    path: Path | None = None
    host: str = ""
    port: int = 0
    token: str = field(default="", repr=False)
    profiles: Mapping[str, ProfileSource]
    #: For temporary files, where the machine gives no file systems of their own.
    scratch: Path
    #: Executions at once, and those that may wait.
    running: int
    waiting: int
    #: What no caller gets more of.
    most_seconds: float
    most_memory_bytes: int
    most_output_bytes: int
    most_input_bytes: int
    #: Walls that are not raised; for trying out what the others stop.
    without: Sequence[str] = ()
    #: Walls of the minimum that the operator does without.
    accepted: Sequence[str] = ()
    #: Seconds after which a profile that nobody uses gives its memory back.
    idle_seconds: float = 600
