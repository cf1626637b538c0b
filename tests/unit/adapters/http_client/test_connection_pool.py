"""The pool of connections: used again, bounded, waited for, swept."""

import asyncio
from collections.abc import Iterable

import httpcore
import httpx
import pytest

from dify_hex.adapters.http_client.connection_pool import PooledTransport

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class ScriptedStream(httpcore.AsyncMockStream):
    """A connection whose server answers every request alike, until it is told to hang up."""

    def __init__(self) -> None:
        super().__init__([])
        self.hung_up = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return _ANSWER

    def get_extra_info(self, info: str) -> object:
        return self.hung_up if info == "is_readable" else None


class CountingNetwork(httpcore.AsyncNetworkBackend):
    """Remembers every connection it has opened."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, ScriptedStream]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = ScriptedStream()
        self.opened.append((host, stream))
        return stream


@pytest.fixture
def network() -> CountingNetwork:
    return CountingNetwork()


def client_of(
    network: CountingNetwork, *, connections: int = 10, keep: int = 10, expiry: float = 30
) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=keep, keepalive_expiry=expiry
    )
    return httpx.AsyncClient(
        transport=PooledTransport(limits, network), timeout=httpx.Timeout(5, pool=0.5)
    )


async def test_a_connection_is_used_again(network: CountingNetwork) -> None:
    async with client_of(network) as client:
        for _ in range(3):
            assert (await client.get("http://one.example/")).text == "ok"
    assert len(network.opened) == 1


async def test_another_host_gets_a_connection_of_its_own(network: CountingNetwork) -> None:
    async with client_of(network) as client:
        for host in ("one", "two", "one", "two"):
            await client.get(f"http://{host}.example/")
    assert [host for host, _ in network.opened] == ["one.example", "two.example"]


async def test_a_connection_that_its_server_has_closed_is_not_used(
    network: CountingNetwork,
) -> None:
    async with client_of(network) as client:
        await client.get("http://one.example/")
        network.opened[0][1].hung_up = True
        assert (await client.get("http://one.example/")).text == "ok"
    assert len(network.opened) == 2


async def test_a_connection_is_not_kept_for_ever(network: CountingNetwork) -> None:
    async with client_of(network, expiry=0) as client:
        await client.get("http://one.example/")
        await asyncio.sleep(0.01)
        await client.get("http://one.example/")
    assert len(network.opened) == 2


async def test_there_are_never_more_connections_than_allowed(network: CountingNetwork) -> None:
    async with client_of(network, connections=2) as client:
        first = await _opened(client, "http://one.example/")
        second = await _opened(client, "http://one.example/")
        with pytest.raises(httpx.PoolTimeout):
            await client.get("http://one.example/")
        await first.aclose()
        assert (await client.get("http://one.example/")).text == "ok"
        await second.aclose()
    assert len(network.opened) <= 3


async def test_whoever_waits_gets_the_connection_that_comes_free(network: CountingNetwork) -> None:
    async with client_of(network, connections=1) as client:
        busy = await _opened(client, "http://one.example/")
        waiting = asyncio.create_task(client.get("http://one.example/"))
        await asyncio.sleep(0.01)
        await busy.aread()
        assert (await waiting).text == "ok"
    assert len(network.opened) == 1


async def test_an_idle_connection_makes_room_for_another_host(network: CountingNetwork) -> None:
    async with client_of(network, connections=1) as client:
        await client.get("http://one.example/")
        assert (await client.get("http://two.example/")).text == "ok"
        assert (await client.get("http://one.example/")).text == "ok"
    assert len(network.opened) == 3


async def test_what_a_crowd_has_left_idle_is_swept(
    network: CountingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(network, keep=2) as client:
        crowd = [await _opened(client, "http://one.example/") for _ in range(5)]
        for response in crowd:
            await response.aread()
        transport = client._transport
        assert isinstance(transport, PooledTransport)
        monkeypatch.setattr(transport.pool, "_next_sweep", 0.0)
        await client.get("http://one.example/")
        assert len(transport.pool.connections) <= 2


async def _opened(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.send(client.build_request("GET", url), stream=True)
