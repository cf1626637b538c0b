"""What processes use, read from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far; the kernel counts in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def pss_bytes(pid: int) -> int:
    """The memory of a process, what it shares counted in proportion; 0 when it is gone."""
    return _rollup(pid, "Pss")


def private_bytes(pid: int) -> int:
    """The memory that is the process's own."""
    return _rollup(pid, "Private_Clean") + _rollup(pid, "Private_Dirty")


def resident_bytes(pid: int) -> int:
    """All memory of a process, what it shares with others too."""
    return _rollup(pid, "Rss")


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def command_line(process: psutil.Process) -> str:
    """How it was started; nothing when it is gone."""
    try:
        return " ".join(process.cmdline()).rstrip()
    except psutil.Error:
        return ""


def total_pss(processes: Iterable[psutil.Process]) -> int:
    """The memory of several."""
    return sum(pss_bytes(process.pid) for process in processes)


def maps_file(pid: int, part: str) -> bool:
    """Whether a process has a file mapped whose path has this part."""
    try:
        return part in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def _rollup(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split() for line in lines if line.startswith(f"{field}:")]
    return int(found[0][1]) * 1024 if found else 0
