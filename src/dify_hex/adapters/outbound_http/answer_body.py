"""Reads an answer's body with every promise of its server taken for a lie."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import httpcore

from dify_hex.adapters.outbound_http.failures import exchanging
from dify_hex.adapters.outbound_http.unpacking import BadPacking, Unpacker, unpacker_for
from dify_hex.application.shared.outbound_http import Headers
from dify_hex.domain.shared.outbound_errors import (
    OutboundResponseInvalid,
    OutboundResponseTooLarge,
)

#: Text rarely packs to less than a hundredth; what unfolds further is made to.
_MAX_RATIO = 250
#: Below this, how far it unfolds says nothing.
_RATIO_MATTERS_FROM = 1 << 20


class AnswerBody:
    """One body, as it comes and as it unfolds, both at most `limit` bytes."""

    def __init__(self, host: str, response: httpcore.Response, headers: Headers) -> None:
        self._host = host
        self._response = response
        self._received = 0
        self._unfolded = 0
        try:
            self._unpacker: Unpacker | None = unpacker_for(
                [value for name, value in headers if name.lower() == "content-encoding"]
            )
        except BadPacking:
            raise self._invalid() from None

    async def parts(self, *, limit: int, deadline: float) -> AsyncGenerator[bytes, None]:
        """The body's parts, none of them empty.

        Raises:
            OutboundResponseTooLarge, OutboundResponseInvalid, OutboundTimeout: it is no good.
        """
        arriving = aiter(self._response.aiter_stream())
        while True:
            async with exchanging(self._host, deadline):
                data = await anext(arriving, None)
            self._received += len(data or b"")
            if self._received > limit:
                raise self._too_large("body", limit)
            try:
                for piece in self._unfold(data):
                    self._check(len(piece), limit)
                    yield piece
                    # Others get their turn between the pieces of what unfolds far.
                    await asyncio.sleep(0)
            except BadPacking:
                raise self._invalid() from None
            if data is None:
                return

    def _unfold(self, data: bytes | None) -> Iterator[bytes]:
        """What the data unfold to; None for the end."""
        if self._unpacker is None:
            return iter([data] if data else [])
        return self._unpacker.finish() if data is None else self._unpacker.feed(data)

    def _check(self, size: int, limit: int) -> None:
        self._unfolded += size
        if self._unfolded > limit:
            raise self._too_large("body", limit)
        if self._unfolded > max(_RATIO_MATTERS_FROM, self._received * _MAX_RATIO):
            raise self._too_large("unpacked", self._received * _MAX_RATIO)

    def _too_large(self, part: str, limit: int) -> OutboundResponseTooLarge:
        return OutboundResponseTooLarge(host=self._host, part=part, limit=limit)

    def _invalid(self) -> OutboundResponseInvalid:
        return OutboundResponseInvalid(host=self._host, reason="packing")
