"""How large files may be, how long they are kept, and which are not taken at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dify_hex.domain.file.errors import (
    FileLifetimeInvalid,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.shared.values.file_reference import FileKind

MEGABYTE = 1 << 20
SHORTEST_LIFETIME = timedelta(minutes=1)

#: Bytes, by kind: what models and extractors can still do something with.
DEFAULT_BYTES: Mapping[FileKind, int] = {
    FileKind.IMAGE: 10 * MEGABYTE,
    FileKind.DOCUMENT: 15 * MEGABYTE,
    FileKind.AUDIO: 50 * MEGABYTE,
    FileKind.VIDEO: 100 * MEGABYTE,
    FileKind.CUSTOM: 15 * MEGABYTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """What an operator has set; `longest_lifetime` of None keeps files until they are deleted."""

    max_bytes: Mapping[FileKind, int] = field(default_factory=lambda: dict(DEFAULT_BYTES))
    longest_lifetime: timedelta | None = None
    blocked_extensions: frozenset[str] = frozenset()

    @property
    def largest(self) -> int:
        """Bytes of the largest file of any kind."""
        return max(self.max_bytes.values())

    def check_type(self, type: FileType) -> None:
        """Refuse a type that the operator does not want.

        Raises:
            FileTypeUnsupported: its extension is blocked.
        """
        if type.extension in self.blocked_extensions:
            raise FileTypeUnsupported(extension=type.extension)

    def check_size(self, kind: FileKind, size: int) -> None:
        """Refuse a file whose bytes are too many for its kind; also while they come in.

        Raises:
            FileTooLarge: there are more than files of the kind may have.
        """
        limit = self.max_bytes[kind]
        if size > limit:
            raise FileTooLarge(kind=kind.value, limit_bytes=limit)

    def expiry(self, wanted: timedelta | None, *, now: datetime) -> datetime | None:
        """Until when a new file is kept; None is for good.

        Raises:
            FileLifetimeInvalid: it was wanted for too short or too long.
        """
        longest = self.longest_lifetime
        if wanted is None:
            return None if longest is None else now + longest
        if wanted < SHORTEST_LIFETIME or (longest is not None and wanted > longest):
            raise FileLifetimeInvalid(
                shortest_seconds=SHORTEST_LIFETIME.total_seconds(),
                longest_seconds=None if longest is None else longest.total_seconds(),
            )
        return now + wanted

    def lifetime_within(self, wanted: timedelta) -> timedelta:
        """The lifetime nearest to what is wanted."""
        longest = self.longest_lifetime
        return max(SHORTEST_LIFETIME, wanted if longest is None else min(wanted, longest))
