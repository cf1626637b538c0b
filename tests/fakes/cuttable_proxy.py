"""A TCP proxy before a server that can refuse, cut, or swallow everything, as a network can."""

import asyncio
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

#: Where the server really is: a unix socket, or a host and a port.
Address = Path | tuple[str, int]


class CuttableProxy:
    """Stands at `127.0.0.1:port`; the tests decide whether it lets anything through."""

    def __init__(self, target: Address) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._last_words: bytes | None = None
        self._answers_are_lost = False
        #: Set once `cut_at` has come true.
        self.has_cut = asyncio.Event()
        self._cutting: asyncio.Task[None] | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._open.set()
        await self.restore()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.cut()

    async def restore(self) -> None:
        """Accept connections again, on the same port."""
        self._open.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Close every connection and refuse new ones, as a server that stopped."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        """Keep every connection and answer nothing, as a network that lost its way."""
        self._open.clear()

    def cut_at(self, words: bytes, *, heard: bool) -> None:
        """Cut everything when these words come by: before the server hears them, or just after.

        What the server has to say to them is lost in any case.
        """
        self._last_words = words
        self._answers_are_lost = heard

    def part(self, words: bytes) -> None:
        """Say something to every client and then nothing more, without hanging up."""
        for writer in self._clients:
            writer.write(words)
        self.swallow()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._clients.add(writer)
        with suppress(OSError):
            back_reader, back_writer = await self._connect()
            self._writers.add(back_writer)
            for source, sink in ((reader, back_writer), (back_reader, writer)):
                task = asyncio.create_task(self._pump(source, sink))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(65536):
                await self._open.wait()
                if self._last_words is not None and self._is_last(chunk):
                    return
                sink.write(chunk)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
            self._writers.discard(sink)
            self._clients.discard(sink)

    def _is_last(self, chunk: bytes) -> bool:
        if self._last_words == b"":
            # The server has answered, so it has done what it was told.
            self._cut_soon()
            return True
        if self._last_words is None or self._last_words not in chunk:
            return False
        if not self._answers_are_lost:
            self._cut_soon()
            return True
        self._last_words = b""
        return False

    def _cut_soon(self) -> None:
        self._last_words = None
        self.has_cut.set()
        self._cutting = asyncio.create_task(self.cut())
