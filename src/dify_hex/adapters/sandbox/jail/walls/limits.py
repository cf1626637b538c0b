"""What one process may use up, as the kernel counts it."""

import resource
from dataclasses import dataclass

#: Bytes that files in the temporary folder may take, all together and each.
TEMPORARY_BYTES = 64 << 20
_OPEN_FILES = 128
#: Bytes beyond its limit with which code that ran out of memory can still be told about.
_LAST_BYTES = 16 << 20
#: Seconds of CPU beyond the time limit, which ends the process before.
_CPU_SLACK = 2
#: CPU seconds are counted over all threads.
_MOST_CORES = 64


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one execution, beyond what the zygote itself takes up."""

    seconds: float
    memory_bytes: int
    output_bytes: int
    processes: int


def close_general() -> None:
    """The limits that are the same for everyone.

    Raises:
        OSError, ValueError: the kernel does not take one.
    """
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, TEMPORARY_BYTES),
    ):
        _lower(kind, limit)


def close(allowance: Allowance, address_space: int, *, counts_alone: bool) -> None:
    """The limits of this execution; `address_space` is what the process has mapped already.

    Threads are counted per user: only where the user is one of the jail's own is the number the
    jail's own.

    Raises:
        OSError, ValueError: the kernel does not take one.
    """
    allowed = address_space + allowance.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed + _LAST_BYTES))
    _lower(resource.RLIMIT_CPU, int(allowance.seconds * _MOST_CORES) + _CPU_SLACK)
    if counts_alone:
        _lower(resource.RLIMIT_NPROC, allowance.processes)


def relax() -> None:
    """Leave a little more memory than foreign code had, to tell of its failure."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
