"""Connections on bare asyncio: read, written, encrypted, timed, broken."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dify_hex.adapters.http_client.network import AsyncioNetwork

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(
    serve: Serve, tls: ssl.SSLContext | None = None
) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    stream = await AsyncioNetwork().connect_tcp("127.0.0.1", port, timeout=5)
    try:
        yield stream
    finally:
        await stream.aclose()
        server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def read_all(stream: httpcore.AsyncNetworkStream, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := await stream.read(65536)):
        found += data
    return found


async def test_what_is_written_is_read() -> None:
    async with connected(echo) as stream:
        await stream.write(b"hello")

        assert await stream.read(100, timeout=5) == b"hello"


async def test_no_more_is_given_than_was_asked_for() -> None:
    async with connected(echo) as stream:
        await stream.write(b"hello")

        assert [await stream.read(2), await stream.read(2), await stream.read(2)] == [
            b"he",
            b"ll",
            b"o",
        ]


async def test_much_more_than_fits_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    async with connected(echo) as stream:
        sending = asyncio.create_task(stream.write(body, timeout=10))
        # A slow reader, so that both sides have to wait for each other.
        await asyncio.sleep(0.05)
        found = await read_all(stream, len(body))
        await sending

    assert found == body


async def test_the_end_is_nothing() -> None:
    async def farewell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    async with connected(farewell) as stream:
        assert await stream.read(100) == b"bye"
        assert await stream.read(100) == b""
        assert stream.get_extra_info("is_readable"), "the pool does not use it again"


async def test_an_idle_connection_is_not_readable() -> None:
    async with connected(echo) as stream:
        assert not stream.get_extra_info("is_readable")
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
        assert stream.get_extra_info("something else") is None


async def test_silence_ends_in_time() -> None:
    async with connected(echo) as stream:
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(100, timeout=0.02)


async def test_who_does_not_take_anything_is_given_up() -> None:
    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    async with connected(deaf) as stream:
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x" * (64 << 20), timeout=0.05)


async def test_a_connection_that_breaks_is_an_error() -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        # Lingering for no time makes the closing a reset.
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with connected(slam) as stream:
        await stream.write(b"x")
        with pytest.raises(httpcore.ReadError):
            assert await stream.read(100)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"more")


async def test_a_closed_connection_takes_nothing() -> None:
    async with connected(echo) as stream:
        await stream.aclose()

        with pytest.raises(httpcore.WriteError):
            await stream.write(b"hello")


async def test_nobody_there_is_a_connect_error() -> None:
    with pytest.raises(httpcore.ConnectError):
        await AsyncioNetwork().connect_tcp("127.0.0.1", 9, timeout=5)


async def test_encryption_checks_the_name(tmp_path: Path) -> None:
    server, client = contexts(tmp_path)
    async with connected(echo, server) as stream:
        encrypted = await stream.start_tls(client, server_hostname="localhost", timeout=5)
        await encrypted.write(b"secret")
        assert await encrypted.read(100) == b"secret"
        assert encrypted.get_extra_info("ssl_object") is not None
        await encrypted.aclose()

    async with connected(echo, server) as stream:
        with pytest.raises(httpcore.ConnectError):
            await stream.start_tls(client, server_hostname="evil.example.com", timeout=5)


async def test_a_handshake_has_its_time() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with connected(silent) as stream:
        with pytest.raises(httpcore.ConnectTimeout):
            await stream.start_tls(ssl.create_default_context(), "localhost", timeout=0.05)


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for localhost, and a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
