"""HTTP/1.1 as model servers speak it, well and badly, over a scripted network."""

from collections.abc import AsyncIterator, Iterable

import httpcore
import pytest

from dify_hex.adapters.http_client.parsed_connection import ParsedHTTPConnection

URL = "http://model.example.com/v1/chat"
ORIGIN = httpcore.URL(URL).origin
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class ScriptedStream(httpcore.AsyncNetworkStream):
    """Gives the scripted bytes, read by read, and keeps what is written."""

    def __init__(self, reads: Iterable[bytes]) -> None:
        self._reads = list(reads)
        self.written = b""
        self.writes = 0
        self.is_closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._reads.pop(0) if self._reads else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written += buffer
        self.writes += 1

    async def aclose(self) -> None:
        self.is_closed = True

    def get_extra_info(self, info: str) -> object:
        return None


class ScriptedNetwork(httpcore.AsyncNetworkBackend):
    """Every connection is the one stream."""

    def __init__(self, *reads: bytes) -> None:
        self.stream = ScriptedStream(reads)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        return self.stream


def connection_over(*reads: bytes) -> tuple[ParsedHTTPConnection, ScriptedStream]:
    network = ScriptedNetwork(*reads)
    return ParsedHTTPConnection(
        ORIGIN, keepalive_expiry=30, network_backend=network
    ), network.stream


async def ask(
    connection: ParsedHTTPConnection, *, headers: dict[str, str] | None = None
) -> httpcore.Response:
    fields = {"Host": "model.example.com", "Content-Length": "4", **(headers or {})}
    request = httpcore.Request("POST", URL, headers=[*fields.items()], content=b"body")
    return await connection.handle_async_request(request)


async def whole(response: httpcore.Response) -> bytes:
    body = await response.aread()
    await response.aclose()
    return body


async def test_a_request_leaves_in_one_piece_and_its_answer_is_read() -> None:
    connection, stream = connection_over(OK)

    response = await ask(connection)

    assert (response.status, response.headers) == (200, [(b"Content-Length", b"2")])
    assert await whole(response) == b"ok"
    head, _, body = stream.written.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /v1/chat HTTP/1.1"
    assert b"Host: model.example.com" in head
    assert (body, stream.writes) == (b"body", 1)


async def test_a_body_of_unknown_length_is_sent_in_chunks() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one", b"", b"three"):
            yield piece

    connection, stream = connection_over(OK)
    request = httpcore.Request(
        "POST", URL, headers={"Host": "x", "Transfer-Encoding": "chunked"}, content=pieces()
    )
    await whole(await connection.handle_async_request(request))

    body = stream.written.partition(b"\r\n\r\n")[2]
    assert body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_chunks_are_put_together_however_the_network_cuts_them(size: int) -> None:
    data = CHUNKED + b"5\r\nHello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
    connection, _ = connection_over(*(data[at : at + size] for at in range(0, len(data), size)))

    response = await ask(connection)

    assert await whole(response) == b"Hello world"
    assert response.headers == [(b"Transfer-Encoding", b"chunked")]
    assert connection.is_idle()


async def test_each_piece_is_given_as_soon_as_it_has_come() -> None:
    connection, _ = connection_over(CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n1\r\nc\r\n", b"0\r\n\r\n")
    response = await ask(connection)

    assert [piece async for piece in response.aiter_stream()] == [b"a", b"bc"]


async def test_a_connection_is_used_again_after_a_whole_answer() -> None:
    connection, stream = connection_over(OK, OK)

    assert await whole(await ask(connection)) == b"ok"
    assert connection.is_idle()
    assert await whole(await ask(connection)) == b"ok"
    assert stream.written.count(b"POST") == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
    ids=["told to close", "HTTP/1.0", "until the end"],
)
async def test_a_connection_that_ends_with_its_answer_is_closed(answer: bytes) -> None:
    connection, stream = connection_over(answer)

    assert await whole(await ask(connection)) == b"ok"
    assert connection.is_closed()
    assert stream.is_closed


async def test_an_answer_that_was_left_closes_its_connection() -> None:
    connection, stream = connection_over(CHUNKED + b"5\r\nHello\r\n")
    response = await ask(connection)
    await response.aclose()

    assert stream.is_closed


async def test_interim_answers_are_passed_over() -> None:
    connection, _ = connection_over(b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n", OK)

    response = await ask(connection)

    assert (response.status, response.headers) == (200, [(b"Content-Length", b"2")])


async def test_an_answer_without_a_body_is_whole_at_once() -> None:
    connection, _ = connection_over(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert await whole(await ask(connection)) == b""
    assert connection.is_idle()


async def test_a_second_answer_is_given_to_nobody() -> None:
    smuggled = OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    connection, stream = connection_over(smuggled)

    with pytest.raises(httpcore.RemoteProtocolError):
        await whole(await ask(connection))
    assert stream.is_closed


@pytest.mark.parametrize(
    "reads",
    [
        [CHUNKED + b"5\r\nHel"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"],
        [CHUNKED + b"zz\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"],
        [b"SSH-2.0-OpenSSH\r\n"],
        [b""],
        [b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"y" * 10_000 + b"\r\n"] * 20],
    ],
    ids=["cut chunk", "cut body", "no chunk", "two lengths", "no HTTP", "nothing", "endless head"],
)
async def test_what_is_no_whole_answer_is_an_error(reads: list[bytes]) -> None:
    connection, stream = connection_over(*reads)

    with pytest.raises(httpcore.RemoteProtocolError):
        await whole(await ask(connection))
    assert stream.is_closed


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_no_header_can_bring_another_along(value: str) -> None:
    connection, stream = connection_over(OK)

    with pytest.raises(httpcore.LocalProtocolError):
        await ask(connection, headers={"X-Custom": value})
    assert not stream.written


async def test_no_target_can_bring_a_header_along() -> None:
    connection, stream = connection_over(OK)
    url = httpcore.URL(scheme="http", host="model.example.com", target="/v1 HTTP/1.1\r\nX: 1")
    request = httpcore.Request("POST", url, headers={"Host": "x"})

    with pytest.raises(httpcore.LocalProtocolError):
        await connection.handle_async_request(request)
    assert not stream.written


async def test_who_cannot_connect_is_told() -> None:
    class Nobody(ScriptedNetwork):
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: object = None,
        ) -> httpcore.AsyncNetworkStream:
            raise httpcore.ConnectError("nobody")

    connection = ParsedHTTPConnection(ORIGIN, network_backend=Nobody())

    with pytest.raises(httpcore.ConnectError):
        await ask(connection)
    assert connection.is_closed()
