"""Whatever the trick, no connection is opened: not at first, not after a redirect."""

import httpcore
import pytest

from dify_hex.domain.shared.errors import DomainError
from tests.builders.outbound import a_request
from tests.fakes.hostile_server import HostileServer, redirect
from tests.fakes.hostile_urls import attempts
from tests.fakes.outbound import ScriptedResolver, guarded_client


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of all connections that are opened."""
    found: list[str] = []
    connect = httpcore.AnyIOBackend.connect_tcp

    async def watched(
        self: httpcore.AnyIOBackend, host: str, port: int, *rest: object
    ) -> httpcore.AsyncNetworkStream:
        found.append(f"{host}:{port}")
        return await connect(self, host, port, *rest)  # type: ignore[arg-type] # handed on

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", watched)
    return found


async def test_no_connection_is_opened(opened: list[str]) -> None:
    resolver = ScriptedResolver()
    async with guarded_client(opened=(), resolver=resolver) as client:
        for attempt in attempts():
            resolver.lead("*", attempt.addresses or ("10.0.0.1",))
            with pytest.raises(DomainError):
                await client.send(a_request(attempt.url))

    assert opened == []


async def test_no_redirect_leads_anywhere(server: HostileServer, opened: list[str]) -> None:
    home = f"127.0.0.1:{server.port}"
    resolver = ScriptedResolver()
    tried = 0
    async with guarded_client(opened=(home,), resolver=resolver) as client:
        for attempt in attempts():
            resolver.lead("*", attempt.addresses or ("10.0.0.1",))
            # An address without a scheme or a host is one on the server that redirects.
            url = server.answer("/start", redirect(attempt.url))
            try:
                answer = await client.send(a_request(url))
            except DomainError:
                tried += 1
            else:
                assert answer.url.startswith(server.url())

    assert set(opened) == {home}
    assert tried >= 60
