"""Whatever the trick, no connection is opened: not at first, not after a redirect."""

from collections.abc import Iterator
from pathlib import Path

import httpcore
import pytest

from dify_hex.domain.shared.errors import DomainError
from tests.builders.outbound import a_request
from tests.fakes.hostile_server import HostileServer, redirect
from tests.fakes.outbound import ScriptedResolver, guarded_client

FILE = Path(__file__).parents[2] / "domain/shared/values/hostile_urls.txt"


def attempts() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each address in the file, and what its name resolves to."""
    for line in FILE.read_text().splitlines():
        if line and not line.startswith("#"):
            url, _, resolved = line.partition(" ")[2].rpartition("/ ")
            text = f"{url}/" if url else resolved
            addresses = tuple(resolved.split(",")) if url else ("10.0.0.1",)
            yield text.encode().decode("unicode_escape"), addresses


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
        for text, addresses in attempts():
            resolver.lead("*", addresses)
            with pytest.raises(DomainError):
                await client.send(a_request(text))

    assert opened == []


async def test_no_redirect_leads_anywhere(server: HostileServer, opened: list[str]) -> None:
    home = f"127.0.0.1:{server.port}"
    resolver = ScriptedResolver()
    tried = 0
    async with guarded_client(opened=(home,), resolver=resolver) as client:
        for text, addresses in attempts():
            resolver.lead("*", addresses)
            # An address without a scheme or a host is one on the server that redirects.
            url = server.answer("/start", redirect(text))
            try:
                answer = await client.send(a_request(url))
            except DomainError:
                tried += 1
            else:
                assert answer.url.startswith(server.url())

    assert set(opened) == {home}
    assert tried >= 60
