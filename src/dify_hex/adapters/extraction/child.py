"""The child process that reads one document, as seen from outside."""

import asyncio
import json
import os
import pwd
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

from dify_hex.adapters.extraction.answer import blocks_in
from dify_hex.adapters.extraction.command import command, environment
from dify_hex.adapters.extraction.formats import Format
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.reading_errors import (
    DocumentBroken,
    DocumentReaderUnavailable,
    DocumentTooComplex,
)

#: A line of the host is some 16,000 characters, of up to six bytes each.
_LONGEST_LINE = 256 << 10
_UNPRIVILEGED = "nobody"
#: How a process ends that asked for more memory than there is: by itself, in native code.
_OUT_OF_MEMORY = frozenset({signal.SIGABRT})
_OUT_OF_TIME = frozenset({signal.SIGXCPU})


class ReadingChild:
    """One child for one document; whoever has begun it must `end` it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: ReadingLimits) -> None:
        self._process = process
        self._limits = limits
        self._seconds_left = limits.child_seconds

    @property
    def pid(self) -> int:
        """Its number, which is that of its process group, too."""
        return self._process.pid

    @classmethod
    async def begin(
        cls, kind: Format, limits: ReadingLimits, libraries: Path | None
    ) -> "ReadingChild":
        """Start one, in a session of its own, with nothing of ours but its pipes.

        `libraries` is the folder that it may load native libraries from.

        Raises:
            DocumentReaderUnavailable: it cannot be started.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command("main"),
                _told(kind, limits, libraries),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment(libraries),
                cwd="/",
                start_new_session=True,
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            raise DocumentReaderUnavailable from error
        return cls(process, limits)

    async def give(self, pieces: AsyncIterator[bytes]) -> None:
        """Hand it the file. It says nothing before it has all of it."""
        pipe = self._process.stdin
        if pipe is None:
            return
        # One that ends before it has read is heard of by its answer.
        with suppress(BrokenPipeError, ConnectionResetError):
            async for piece in pieces:
                pipe.write(piece)
                await pipe.drain()
            pipe.close()

    async def blocks(self) -> AsyncGenerator[Sequence[Block], None]:
        """What it has read.

        Raises:
            DocumentUnreadable: as it says, or as its end shows.
            DocumentReaderUnavailable: somebody has ended it.
        """
        left = self._limits.output_bytes
        while line := await self._line():
            left -= len(line)
            if left < 0:
                raise DocumentTooComplex
            batch = blocks_in(line)
            if batch is None:
                return
            yield batch
        raise await self._cause_of_death()

    async def end(self) -> None:
        """Kill it and all that it may have started, and bury it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _line(self) -> bytes:
        """The next line; its time counts only while somebody waits for it."""
        pipe = self._process.stdout
        if pipe is None:
            return b""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(self._seconds_left):
                return await pipe.readline()
        except TimeoutError:
            raise DocumentTooComplex from None
        except ValueError:
            raise DocumentBroken from None
        finally:
            self._seconds_left -= loop.time() - begun

    async def _cause_of_death(self) -> Exception:
        """It has ended without a last word."""
        try:
            async with asyncio.timeout(10):
                status = await self._process.wait()
        except TimeoutError:
            return DocumentBroken()
        if status == -signal.SIGKILL or status >= 0:
            # Nobody kills it like that but the machine's operator, or the kernel in need of memory.
            return DocumentReaderUnavailable()
        if -status in _OUT_OF_MEMORY | _OUT_OF_TIME:
            return DocumentTooComplex()
        return DocumentBroken()


def _told(kind: Format, limits: ReadingLimits, libraries: Path | None) -> str:
    user = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
    confinement = {
        "parent": os.getpid(),
        "uid": user.pw_uid if user else None,
        "gid": user.pw_gid if user else None,
        "memory_bytes": limits.child_memory_bytes,
        "cpu_seconds": limits.child_cpu_seconds,
        "readable": os.fspath(libraries) if libraries else "",
    }
    return json.dumps({"format": kind.value, "confinement": confinement})
