"""Looks names up, without letting one tenant's slow names keep those of others waiting."""

import asyncio
import socket
import time
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from dify_hex.adapters.outbound_http.fair_shares import FairShares
from dify_hex.domain.shared.values.network_address import IPAddress, parse_address

_THREADS = 32
#: Lookups of one tenant at once; a lookup that nobody waits for any more still holds its thread.
_PER_TENANT = 8
#: Long enough for a loop's requests to share a connection; the addresses are judged each time.
_REMEMBERED_SECONDS = 10.0
_MAX_REMEMBERED = 1024

Addresses = tuple[IPAddress, ...]


class NameResolver(Protocol):
    """Knows where names lead."""

    @abstractmethod
    async def addresses(self, name: str, *, tenant: str) -> Addresses:
        """All addresses of the name, the preferred ones first; none when it has none."""


class SystemResolver(NameResolver):
    """Asks the system's resolver, in threads of its own, which it cannot be called back from."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbound-names")
        self._shares = FairShares(_PER_TENANT)
        self._known: dict[str, tuple[float, Addresses]] = {}
        self._running: dict[tuple[str, str], asyncio.Task[Addresses]] = {}

    async def addresses(self, name: str, *, tenant: str) -> Addresses:
        """All addresses of the name; who leaves early leaves the lookup to whoever comes next."""
        known = self._known.get(name)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        task = self._running.get((tenant, name))
        if task is None:
            task = asyncio.create_task(self._look_up(name, tenant))
            self._running[tenant, name] = task
            task.add_done_callback(lambda _: self._running.pop((tenant, name), None))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Wait for nobody any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for task in list(self._running.values()):
            task.cancel()

    async def _look_up(self, name: str, tenant: str) -> Addresses:
        ask = partial(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM)
        async with self._shares.taking(tenant):
            try:
                found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
            except (OSError, UnicodeError):
                return ()
        addresses = tuple(dict.fromkeys(parse_address(str(entry[4][0])) for entry in found))
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[name] = (time.monotonic() + _REMEMBERED_SECONDS, addresses)
        return addresses
