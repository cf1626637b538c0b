"""Tenants' calls stay out of the operator's network."""

import asyncio
import socket
from typing import Any

import httpcore
import pytest

from dify_hex.adapters.http_client.public_network import (
    AnyAddress,
    PublicNetwork,
    ResolvingAddressGuard,
)
from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Give every name these addresses."""

    async def getaddrinfo(*_: object, **__: object) -> list[tuple[Any, ...]]:
        if not addresses:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/v1", "http://[::1]:8080/v1", "https://169.254.169.254", "http://10.1.2.3"],
)
async def test_a_private_address_is_refused(url: str) -> None:
    with pytest.raises(ModelBaseUrlInvalid) as refused:
        await ResolvingAddressGuard().check(url)

    assert refused.value.details["reason"] == "private_address"


async def test_a_name_is_judged_by_every_address_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "10.0.0.1")

    with pytest.raises(ModelBaseUrlInvalid):
        await ResolvingAddressGuard().check("https://models.example/v1")


async def test_public_and_unknown_names_pass_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34")
    await ResolvingAddressGuard().check("https://models.example/v1")
    resolve_to(monkeypatch)
    await ResolvingAddressGuard().check("https://models.example/v1")


async def test_an_operator_may_let_tenants_call_anything() -> None:
    await AnyAddress().check("http://127.0.0.1/v1")


async def test_no_connection_is_made_to_a_private_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        with pytest.raises(ModelBaseUrlInvalid):
            await PublicNetwork().connect_tcp("localhost", server.getsockname()[1])
        with pytest.raises(TimeoutError):
            server.accept()


async def test_a_name_without_an_address_cannot_be_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch)

    with pytest.raises(httpcore.ConnectError):
        await PublicNetwork().connect_tcp("models.example", 443)


async def test_connecting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> list[tuple[Any, ...]]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)

    with pytest.raises(httpcore.ConnectTimeout):
        await PublicNetwork().connect_tcp("models.example", 443, timeout=0.05)
