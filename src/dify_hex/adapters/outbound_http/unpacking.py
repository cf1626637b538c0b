"""Unpacks answers piece by piece, so that a small one that unfolds without end is noticed."""

import zlib
from collections.abc import Iterator

#: A piece that is handed on; what it costs in time is well below a millisecond.
_PIECE = 64 << 10
#: A file of many files is rare in an answer; thousands of empty ones are an attack.
_MAX_MEMBERS = 64
_GZIP = 16 + zlib.MAX_WBITS
#: A method, a window and a check of both (RFC 1950).
_ENVELOPE_BYTES = 2
_PACKINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class BadPacking(ValueError):
    """What came is not packed as it says."""


class Unpacker:
    """One packed body; gzip in several members, and deflate with or without its envelope."""

    def __init__(self, packing: int) -> None:
        self._packing = packing
        self._engine = zlib.decompressobj(packing)
        self._members = 1
        self._beginning = b""
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the data unfold to, in pieces of at most 64 KiB.

        Raises:
            BadPacking: they do not.
        """
        if not self._has_begun:
            data = self._begin(data)
        while data:
            if self._engine.eof:
                if self._packing != _GZIP or data[0] != 0x1F:
                    # What follows the end belongs to nobody; everyone ignores it.
                    return
                self._next_member()
            piece = self._unfold(data)
            data = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> Iterator[bytes]:
        """The rest, when everything has come.

        Raises:
            BadPacking: the end is missing.
        """
        if not self._has_begun and not self._beginning:
            return
        if rest := self._engine.flush():
            yield rest
        if not self._engine.eof:
            raise BadPacking

    def _unfold(self, data: bytes) -> bytes:
        try:
            return self._engine.decompress(data, _PIECE)
        except zlib.error:
            raise BadPacking from None

    def _begin(self, data: bytes) -> bytes:
        """What can be unfolded of the first bytes: nothing, until they tell how."""
        data = self._beginning + data
        if self._packing == zlib.MAX_WBITS:
            if len(data) < _ENVELOPE_BYTES:
                self._beginning = data
                return b""
            if not _has_envelope(data):
                # Many servers leave out the envelope that the standard asks for.
                self._packing = -zlib.MAX_WBITS
                self._engine = zlib.decompressobj(self._packing)
        self._has_begun = True
        return data

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise BadPacking
        self._engine = zlib.decompressobj(self._packing)


def _has_envelope(data: bytes) -> bool:
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


def unpacker_for(encodings: list[str]) -> Unpacker | None:
    """What unpacks a body with these `Content-Encoding` headers; None leaves it as it is.

    Raises:
        BadPacking: it is packed more than once.
    """
    packings = [word.strip().lower() for encoding in encodings for word in encoding.split(",")]
    packings = [packing for packing in packings if packing not in ("", "identity")]
    if len(packings) > 1:
        raise BadPacking
    if not packings or packings[0] not in _PACKINGS:
        return None
    return Unpacker(_PACKINGS[packings[0]])
