"""Encryption proves who answers, unless the request says that it need not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.outbound_errors import (
    OutboundTimeout,
    OutboundTlsFailed,
    OutboundUnreachable,
)
from tests.builders.outbound import LIMITS, a_request
from tests.fakes.certificates import SelfSigned, self_signed
from tests.fakes.hostile_server import HostileServer, hostile_server, ok
from tests.fakes.outbound import ScriptedResolver, guarded_client


@pytest.fixture
def certificate(tmp_path: Path) -> SelfSigned:
    return self_signed(tmp_path, "api.example")


@pytest.fixture
async def secure(certificate: SelfSigned) -> AsyncIterator[HostileServer]:
    async with hostile_server(certificate.server) as running:
        running.answer("/", ok(b"secure"))
        yield running


@pytest.fixture
def names() -> ScriptedResolver:
    resolver = ScriptedResolver()
    resolver.lead("*", ("127.0.0.1",))
    return resolver


def at(server: HostileServer, host: str = "api.example") -> str:
    return server.url(host=host, scheme="https")


async def test_an_authority_of_the_operators_is_believed(
    secure: HostileServer, certificate: SelfSigned, names: ScriptedResolver
) -> None:
    async with guarded_client(resolver=names, ca_file=certificate.authority) as client:
        answer = await client.send(a_request(at(secure)))

    assert answer.body == b"secure"


async def test_nobody_else_is(secure: HostileServer, names: ScriptedResolver) -> None:
    async with guarded_client(resolver=names) as client:
        with pytest.raises(OutboundTlsFailed) as refused:
            await client.send(a_request(at(secure)))

    assert refused.value.details == {
        "host": "api.example",
        "reason": "self-signed certificate",
    }


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1", "sub.api.example"])
async def test_the_certificate_is_of_the_name_that_was_asked(
    secure: HostileServer, certificate: SelfSigned, names: ScriptedResolver, host: str
) -> None:
    async with guarded_client(resolver=names, ca_file=certificate.authority) as client:
        with pytest.raises(OutboundTlsFailed):
            await client.send(a_request(at(secure, host)))

    assert secure.received == []


async def test_an_expired_certificate_proves_nothing(
    tmp_path: Path, names: ScriptedResolver
) -> None:
    expired = self_signed(tmp_path, "api.example", days=-1)

    async with (
        hostile_server(expired.server) as server,
        guarded_client(resolver=names, ca_file=expired.authority) as client,
    ):
        with pytest.raises(OutboundTlsFailed) as refused:
            await client.send(a_request(at(server)))

    assert refused.value.details["reason"] == "certificate has expired"


async def test_who_need_not_prove_anything_does_so_for_that_request_alone(
    secure: HostileServer, names: ScriptedResolver
) -> None:
    async with guarded_client(resolver=names) as client:
        careless = await client.send(a_request(at(secure), verify_tls=False))
        with pytest.raises(OutboundTlsFailed):
            await client.send(a_request(at(secure)))
        await client.send(a_request(at(secure), verify_tls=False))

    assert careless.body == b"secure"
    assert {request.connection for request in secure.received} == {1}


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", OutboundTlsFailed),
        (b"", OutboundUnreachable),
        (None, OutboundTimeout),
    ],
)
async def test_who_does_not_speak_it_is_no_secure_server(
    client: OutboundHttp, said: bytes | None, failure: type[DomainError]
) -> None:
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if said is None:
            await over.wait()
        writer.write(said or b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(failure):
        await client.send(a_request(url, limits=replace(LIMITS, connect_seconds=0.1)))
    over.set()
    server.close()
    await asyncio.sleep(0.01)
