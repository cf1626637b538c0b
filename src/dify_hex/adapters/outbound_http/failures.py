"""Says in the domain's words what went wrong on the way, and bounds how long it takes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import httpcore

from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.outbound_errors import (
    OutboundBusy,
    OutboundRequestInvalid,
    OutboundResponseInvalid,
    OutboundTimeout,
    OutboundUnreachable,
)

_FAILURES: Mapping[type[Exception], Callable[[str], DomainError]] = {
    httpcore.ConnectTimeout: lambda host: OutboundTimeout(host=host, phase="connect"),
    httpcore.ReadTimeout: lambda host: OutboundTimeout(host=host, phase="read"),
    httpcore.WriteTimeout: lambda host: OutboundTimeout(host=host, phase="write"),
    httpcore.PoolTimeout: lambda host: OutboundBusy(host=host),
    httpcore.ConnectError: lambda host: OutboundUnreachable(host=host, reason="connect"),
    httpcore.LocalProtocolError: lambda host: OutboundRequestInvalid(host=host, reason="body"),
    httpcore.RemoteProtocolError: lambda host: OutboundResponseInvalid(
        host=host, reason="protocol"
    ),
    httpcore.NetworkError: lambda host: OutboundResponseInvalid(host=host, reason="cut"),
}


@asynccontextmanager
async def exchanging(host: str, deadline: float) -> AsyncIterator[None]:
    """Part of an exchange with the host, which must be over at the loop's time `deadline`.

    Raises:
        DomainError: what is in `outbound_errors`, in place of the client's own exceptions.
    """
    limit = asyncio.timeout_at(deadline)
    try:
        async with limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise OutboundTimeout(host=host, phase="total") from None
        raise
    except tuple(_FAILURES) as error:
        failure = next(made for kind, made in _FAILURES.items() if isinstance(error, kind))
        raise failure(host) from None
