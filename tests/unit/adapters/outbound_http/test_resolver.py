"""Names are looked up once for all who ask, and one tenant's slow names stop nobody else's."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest

from dify_hex.adapters.outbound_http import resolver as module
from dify_hex.adapters.outbound_http.resolver import SystemResolver


class Names:
    """The system's resolver, as the test has it."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, ...]] = {}
        self.asked: list[str] = []
        self.slow = threading.Event()

    def getaddrinfo(self, name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(name)
        if name.startswith("slow"):
            self.slow.wait(5)
        if name not in self.known:
            raise socket.gaierror("no such name")
        return [(2, 1, 6, "", (address, 0)) for address in self.known[name]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    return names


@pytest.fixture
async def resolver(names: Names) -> AsyncIterator[SystemResolver]:
    resolver = SystemResolver()
    yield resolver
    names.slow.set()
    await resolver.aclose()
    await asyncio.sleep(0.01)


async def test_all_addresses_of_a_name_are_found(resolver: SystemResolver, names: Names) -> None:
    names.known["a.example"] = ("1.2.3.4", "1.2.3.4", "::ffff:10.0.0.1", "fe80::1%eth0")

    assert await resolver.addresses("a.example", tenant="t") == (
        ip_address("1.2.3.4"),
        ip_address("10.0.0.1"),
        ip_address("fe80::1"),
    )


async def test_a_name_that_is_not_there_has_none(resolver: SystemResolver) -> None:
    assert await resolver.addresses("nowhere.example", tenant="t") == ()


async def test_a_name_is_remembered_for_a_while(
    resolver: SystemResolver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REMEMBERED_SECONDS", 0.05)
    names.known["a.example"] = ("1.2.3.4",)

    for _ in range(3):
        await resolver.addresses("a.example", tenant="t")
    await asyncio.sleep(0.06)
    await resolver.addresses("a.example", tenant="t")

    assert len(names.asked) == 2


async def test_not_everything_is_remembered(
    resolver: SystemResolver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_REMEMBERED", 2)
    for name in ("a", "b", "c", "a"):
        names.known[name] = ("1.2.3.4",)
        await resolver.addresses(name, tenant="t")

    assert names.asked == ["a", "b", "c", "a"]


async def test_who_asks_at_once_asks_once(resolver: SystemResolver, names: Names) -> None:
    names.known["slow.example"] = ("1.2.3.4",)
    asking = [asyncio.create_task(resolver.addresses("slow.example", tenant="t")) for _ in range(5)]
    await asyncio.sleep(0.02)
    names.slow.set()

    assert await asyncio.gather(*asking) == [(ip_address("1.2.3.4"),)] * 5
    assert names.asked == ["slow.example"]


async def test_who_leaves_early_spoils_it_for_nobody(
    resolver: SystemResolver, names: Names
) -> None:
    names.known["slow.example"] = ("1.2.3.4",)
    patient = asyncio.create_task(resolver.addresses("slow.example", tenant="t"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await resolver.addresses("slow.example", tenant="t")
    names.slow.set()

    assert await patient == (ip_address("1.2.3.4"),)


async def test_slow_names_of_one_tenant_stop_no_other(
    resolver: SystemResolver, names: Names
) -> None:
    names.known["quick.example"] = ("1.2.3.4",)
    crowd = [
        asyncio.create_task(resolver.addresses(f"slow{number}.example", tenant="greedy"))
        for number in range(60)
    ]
    await asyncio.sleep(0.02)

    async with asyncio.timeout(20):
        assert await resolver.addresses("quick.example", tenant="modest")
    assert len(names.asked) < 12
    names.slow.set()
    await asyncio.gather(*crowd)
