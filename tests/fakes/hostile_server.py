"""A server on loopback that answers with whatever bytes a test wants, at whatever pace."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

#: Bytes to send, seconds to wait, or None to break the connection.
Step = bytes | float | None
Answer = Callable[["Received"], Iterable[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it has arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    #: Counts the connections; requests that share a number have shared one.
    connection: int


@dataclass(slots=True)
class HostileServer:
    """Answers each path as `answers` says, and remembers who came."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Where a path is."""
        return f"{scheme}://{host}:{self.port}{path}"

    def answer(self, path: str, *steps: Step) -> str:
        """Answer a path with these steps; its URL."""
        self.answers[path] = lambda _: steps
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side has had enough."""
        self.connections += 1
        number = self.connections
        try:
            while (request := await _request(reader, number)) is not None:
                self.received.append(request)
                answer = self.answers.get(request.target.partition("?")[0], _not_found)
                if not await _play(writer, answer(request)):
                    return
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def hostile_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[HostileServer]:
    """A server that is up while the context is."""
    running = HostileServer(0)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        # What asyncio starts for a connection complains when it is cancelled.
        with suppress(asyncio.CancelledError):
            await running.serve(reader, writer)
        tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    running.port = listening.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
            await task


def ok(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """An answer as it should be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that points elsewhere."""
    return ok(b"", f"Location: {location}", status=f"{status} Elsewhere")


def _not_found(_: Received) -> Iterable[Step]:
    return [ok(status="404 Not Found")]


async def _play(writer: asyncio.StreamWriter, steps: Iterable[Step]) -> bool:
    """Do the steps; whether the connection may go on."""
    for step in steps:
        if step is None:
            return False
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        else:
            await asyncio.sleep(step)
    return True


async def _request(reader: asyncio.StreamReader, connection: int) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    elif length := int(headers.get("content-length", "0")):
        body = await reader.readexactly(length)
    return Received(method=method, target=target, headers=headers, body=body, connection=connection)
