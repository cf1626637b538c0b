"""Connections to public addresses only, judged after the name is resolved."""

import asyncio
import socket
from collections.abc import Iterable

import httpcore
import httpx

from dify_hex.adapters.http_client.connection_pool import PooledTransport
from dify_hex.adapters.http_client.network import AsyncioNetwork
from dify_hex.application.model_provider.ports import AddressGuard
from dify_hex.domain.model_provider.addresses import is_public_address
from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid

_RESOLVE_SECONDS = 5.0
_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to what the open internet can reach, and to nothing else.

    The address that was judged is the one that is connected to, so a name that resolves
    differently a moment later gains nothing. TLS still checks the certificate of the name.
    """

    def __init__(self) -> None:
        self._network = AsyncioNetwork()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers, within `timeout` for them all.

        Raises:
            ModelBaseUrlInvalid: one of the host's addresses is not public.
        """
        failure: Exception = httpcore.ConnectError("the name has no address")
        try:
            async with asyncio.timeout(timeout):
                for address in await public_addresses(host, port):
                    try:
                        return await self._network.connect_tcp(
                            address, port, timeout, local_address, socket_options
                        )
                    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                        failure = error
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait, between attempts to connect."""
        await asyncio.sleep(seconds)


class PublicTransport(PooledTransport):
    """An ordinary transport whose connections are made by `PublicNetwork`."""

    def __init__(self, limits: httpx.Limits) -> None:
        super().__init__(limits, PublicNetwork())


class ResolvingAddressGuard(AddressGuard):
    """Judges an address by resolving it, for adapters whose connections are not made here."""

    async def check(self, base_url: str) -> None:
        """Refuse what leads to a private address."""
        url = httpx.URL(base_url)
        try:
            await public_addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        except httpcore.ConnectError:
            # It cannot be reached at all, which the call itself will say better.
            return


class AnyAddress(AddressGuard):
    """Judges nothing: the operator lets tenants call private addresses."""

    async def check(self, base_url: str) -> None:
        """Let every address pass."""


async def public_addresses(host: str, port: int) -> list[str]:
    """The host's addresses in the order of preference.

    Raises:
        httpcore.ConnectError: the name cannot be resolved.
        ModelBaseUrlInvalid: one of the addresses is not public.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(map(is_public_address, addresses)):
        raise ModelBaseUrlInvalid(reason="private_address")
    return addresses
