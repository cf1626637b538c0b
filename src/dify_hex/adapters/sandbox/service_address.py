"""Where the sandbox service is, and the connection to it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from typing import Self

from dify_hex.application.shared.code_failures import SandboxUnavailable

CONNECT_TIMEOUT = 3.0
_UNIX = "unix://"
_TCP = "tcp://"


class BadAddress(ValueError):
    """An address that is neither `unix:///path` nor `tcp://host:port`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """A unix socket, or a host and a port with a token."""

    path: str = ""
    host: str = ""
    port: int = 0
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, token: str = "") -> Self:
        """Read `unix:///path` or `tcp://host:port`.

        Raises:
            BadAddress: it is neither.
        """
        if url.startswith(f"{_UNIX}/"):
            return cls(path=url.removeprefix(_UNIX), token=token)
        host, colon, port = url.removeprefix(_TCP).rpartition(":")
        if not url.startswith(_TCP) or not colon or not port.isdecimal():
            raise BadAddress(f"{url!r} is neither unix:///path nor tcp://host:port")
        return cls(host=host.strip("[]"), port=int(port), token=token)

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        """Open a connection.

        Raises:
            SandboxUnavailable: nobody listens there.
        """
        if not self.path and not self.host:
            raise SandboxUnavailable("No sandbox runs: set DIFY_HEX_SANDBOX_URL.")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if self.path:
                    return await asyncio.open_unix_connection(self.path)
                return await asyncio.open_connection(self.host, self.port)
        except (OSError, TimeoutError) as error:
            raise SandboxUnavailable(retry_after=1.0) from error
