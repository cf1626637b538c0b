"""A mark of a body that is read as it comes: the same for the same form, however it is sent."""

import re
from hashlib import sha256

_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})', re.IGNORECASE)
_SIZE_BYTES = 8


class BodyDigest:
    """Is fed the pieces of a body; the boundary of a form, another one each time, is left out."""

    def __init__(self, content_type: str) -> None:
        found = _BOUNDARY.search(content_type)
        self._boundary = found.group(1).encode() if found else b""
        self._hash = sha256()
        self._waiting = b""
        self.size = 0
        self.is_whole = False

    def feed(self, piece: bytes, *, is_last: bool = False) -> None:
        """The next piece."""
        self.size += len(piece)
        self.is_whole = is_last
        if not self._boundary:
            self._hash.update(piece)
            return
        *parts, rest = (self._waiting + piece).split(self._boundary)
        for part in parts:
            self._hash.update(part)
            self._hash.update(b"\0")
        # A boundary may be cut in two.
        kept = 0 if is_last else len(self._boundary) - 1
        ready = max(len(rest) - kept, 0)
        self._hash.update(rest[:ready])
        self._waiting = rest[ready:]

    def mark(self) -> bytes:
        """The size and the hash of what was fed."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + self._hash.digest()


def size_in(mark: bytes) -> int:
    """How many bytes the body had that has this mark."""
    return int.from_bytes(mark[:_SIZE_BYTES], "big")
