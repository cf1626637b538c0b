"""What reading one document may use up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """Bytes and seconds for one document, and how many are read at once.

    Formats that stream are read piece by piece; all others are held whole by a child process, whose
    memory, CPU time and waiting time are bounded.
    """

    streamed_bytes: int = 250 << 20
    whole_bytes: int = 100 << 20
    child_memory_bytes: int = 1 << 30
    child_cpu_seconds: int = 300
    child_seconds: float = 300.0
    #: Bytes of text that may come out of one document.
    output_bytes: int = 250 << 20
    #: Characters of text that may come out of a byte of it, once there are more than some.
    growth: int = 8
    small_characters: int = 1 << 20
    children: int = 3
