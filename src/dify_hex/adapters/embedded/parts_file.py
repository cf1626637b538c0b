"""`run/parts.json`: where the embedded parts are, and who runs them, for local commands."""

import json
from collections.abc import Mapping
from pathlib import Path

from dify_hex.adapters.embedded.credentials import write_private
from dify_hex.adapters.embedded.data_folder import DataFolder

NAME = "parts.json"
_PID = "pid_"


class PartsFile:
    """The file, written whole at every change and readable by its owner only.

    It is flat: URLs with their credentials under the names of the settings, and `pid_<process>`.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.run / NAME

    def write(self, urls: Mapping[str, str], pids: Mapping[str, int]) -> None:
        """Replace what is in it."""
        numbers = {f"{_PID}{name}": _with_start(pid) for name, pid in pids.items()}
        write_private(self._path, json.dumps({**urls, **numbers}, indent=2))

    def remove(self) -> None:
        """Say that nothing runs."""
        self._path.unlink(missing_ok=True)

    def running(self) -> list[int]:
        """The processes in it that are still the same ones."""
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return []
        if not isinstance(found, dict):
            return []
        marks = [str(value) for key, value in found.items() if key.startswith(_PID)]
        numbers = [(mark, mark.partition("@")[0]) for mark in marks]
        pids = [(mark, int(number)) for mark, number in numbers if number.isdecimal()]
        return [pid for mark, pid in pids if _with_start(pid) == mark]


def _with_start(pid: int) -> str:
    """The number with the moment of its start: numbers are given again, both together are not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return f"{pid}@ended"
    # The name in brackets may hold anything; the start is the 20th field after it.
    fields = stat.rpartition(")")[2].split()
    return f"{pid}@ended" if fields[0] in "ZX" else f"{pid}@{fields[19]}"
