"""What child processes say: into a file of bounded size, and the gist of it onto the terminal."""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

#: A file that has grown to this is put aside; so many that were put aside are kept.
FILE_LIMIT = 8 << 20
FILES_KEPT = 2
#: Lines remembered, to be shown when a process ends that should not have.
REMEMBERED = 15
#: A longer line is cut where a read of the pipe ends.
LINE_LIMIT = 1 << 20

Echo = Callable[[str, str], None]


class ChildOutput:
    """The output of one child, over all of its restarts."""

    def __init__(self, name: str, folder: Path, echo: Echo) -> None:
        self._name = name
        self._path = folder / f"{name}.log"
        self._echo = echo
        self._heard, self.descriptor = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # The child's end must block: a child that finds the pipe full waits, and loses nothing.
        os.set_blocking(self.descriptor, True)
        self._file = self._open()
        self._rest = b""
        self.last_lines: deque[str] = deque(maxlen=REMEMBERED)

    def listen(self) -> None:
        """Read from now on, inside the running event loop."""
        asyncio.get_running_loop().add_reader(self._heard, self._read)

    def close(self) -> None:
        """Read what is left, and stop."""
        self._read()
        asyncio.get_running_loop().remove_reader(self._heard)
        for descriptor in (self._heard, self.descriptor, self._file):
            os.close(descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._heard, LINE_LIMIT)
        except BlockingIOError:
            return
        self._store(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) >= LINE_LIMIT:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            text = line.decode(errors="replace")
            self.last_lines.append(text)
            self._echo(self._name, text)

    def _store(self, data: bytes) -> None:
        try:
            os.write(self._file, data)
            if os.fstat(self._file).st_size >= FILE_LIMIT:
                self._put_aside()
        except OSError as error:
            # A full disk must not take the processes down that could still serve.
            self.last_lines.append(f"the log could not be written: {error}")

    def _put_aside(self) -> None:
        os.close(self._file)
        for number in range(FILES_KEPT, 0, -1):
            older = self._path.with_suffix(f".log.{number}")
            newer = self._path.with_suffix(f".log.{number - 1}") if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        self._file = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
