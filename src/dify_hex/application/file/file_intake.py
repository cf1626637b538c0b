"""Putting a file on record and its content into the storage, whoever brings it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from dify_hex.application.file.ports import FileStorage, FileWork
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.file.errors import FileInputsInvalid, FileNotFound, FileTypeUnsupported
from dify_hex.domain.file.file import File, FileContent, FileOwner, FileSource
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.file.names import FileName
from dify_hex.domain.file.sniffing import HEAD_BYTES
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import EndUserName, FileId, TenantId
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.file_rule import FileRule

_NAMELESS = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDetails:
    """Whose file it is, and how long it is to be kept, if for a limited time."""

    user: EndUserName | None = None
    keep_for: timedelta | None = None


#: A file of nobody's in particular, kept for as long as there is no limit to it.
_FOR_ALL = FileDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file before its content has come.

    `declared` is what is said of its type, if anything, and `rule` what is taken where it is handed
    in; None takes every type.
    """

    tenant_id: TenantId
    name: FileName
    source: FileSource
    owner: FileOwner
    declared: str | None = None
    rule: FileRule | None = None


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file whose content is stored, and which nobody can use yet."""

    file: File
    content: FileContent


#: What else there is to say of the file, asked for when its content is in.
Details = Callable[[], Awaitable[FileDetails]]


class FileIntake:
    """Takes in files, piece by piece, so that whatever breaks off leaves nothing behind.

    One that a run has made has nobody who could be told that its name is wrong: where content and
    name contradict each other, it is named after its content.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[FileWork],
        clock: Clock,
        storage: FileStorage,
        limits: FileLimits,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._storage = storage
        self._limits = limits

    async def take(self, new: NewFile, content: AsyncIterator[bytes], details: Details) -> File:
        """The file, with all of its content stored.

        Raises:
            FileTypeUnsupported: it is not what it says it is, or of a blocked type.
            FileInputsInvalid: the rule does not take it.
            FileTooLarge: it is larger than files of its kind may be.
            FileEmpty: there is nothing in it.
            FileLifetimeInvalid: it cannot be kept for as long, or as short, as is wanted.
            StorageUnavailable: its content cannot be stored at present.
        """
        received = await self.receive(new, content)
        try:
            return await self._complete(received, await details())
        except Exception:
            # A cancelled intake has no time for this: it is found and given up later.
            with suppress(Unavailable):
                await self.give_up(received.file)
            raise

    async def receive(self, new: NewFile, content: AsyncIterator[bytes]) -> ReceivedFile:
        """The file with all of its content stored, for whoever completes it by `keep`.

        Until then it is nobody's: one that is never kept is found and given up later.

        Raises:
            DomainError: as `take` does.
        """
        head = await _head_of(content)
        name, decided = _decide(new, head)
        self._limits.check_type(decided)
        _check_rule(new.rule, name, decided)
        self._limits.check_size(decided.kind, len(head))
        file = await self._record(new, name, decided)
        try:
            pieces = self._within_limits(decided.kind, head, content)
            return ReceivedFile(file, await self._storage.put(file.key, pieces))
        except Exception:
            with suppress(Unavailable):
                await self.give_up(file)
            raise

    async def keep(
        self, work: FileWork, received: ReceivedFile, details: FileDetails = _FOR_ALL
    ) -> File:
        """The file, which can be used as soon as the work is committed.

        Raises:
            FileNotFound: it was given up meanwhile.
            FileLifetimeInvalid: it cannot be kept for as long, or as short, as is wanted.
        """
        now = self._clock.now()
        file = await work.files.get(received.file.id)
        file.complete(
            received.content,
            user=details.user,
            expires_at=self._limits.expiry(details.keep_for, now=now),
            now=now,
        )
        return file

    async def _record(self, new: NewFile, name: FileName, type: FileType) -> File:
        file = File.begin(
            id=FileId(new_id()),
            tenant_id=new.tenant_id,
            name=name.text,
            type=type,
            source=new.source,
            owner=new.owner,
            now=self._clock.now(),
        )
        async with self._begin(new.tenant_id) as work:
            work.files.add(file)
            await work.commit()
        return file

    async def _complete(self, received: ReceivedFile, details: FileDetails) -> File:
        async with self._begin(received.file.tenant_id) as work:
            file = await self.keep(work, received, details)
            await work.commit()
        return file

    async def give_up(self, file: File) -> None:
        """Leave nothing of a file that was not kept.

        Raises:
            Unavailable: the storage or the database is away; it is given up later.
        """
        await self._storage.delete(file.key)
        async with self._begin(file.tenant_id) as work:
            try:
                await work.files.remove(await work.files.get(file.id))
            except FileNotFound:
                return
            await work.commit()

    async def _within_limits(
        self, kind: FileKind, head: bytes, rest: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        size = len(head)
        yield head
        async for piece in rest:
            size += len(piece)
            self._limits.check_size(kind, size)
            yield piece


def _decide(new: NewFile, head: bytes) -> tuple[FileName, FileType]:
    try:
        return new.name, FileType.decide(head, new.name, new.declared)
    except FileTypeUnsupported:
        if new.source is not FileSource.GENERATED:
            raise
    decided = FileType.decide(head, FileName.parse(_NAMELESS))
    dot = "." if decided.extension else ""
    return FileName.parse(f"{_NAMELESS}{dot}{decided.extension}"), decided


def _check_rule(rule: FileRule | None, name: FileName, decided: FileType) -> None:
    if rule is None:
        return
    file = FileReference(
        type=decided.kind,
        transfer_method=TransferMethod.LOCAL_FILE,
        name=name.text,
        extension=f".{decided.extension}" if decided.extension else "",
        mime_type=decided.media_type,
    )
    faults = list(rule.faults(file, "file"))
    if faults:
        raise FileInputsInvalid(faults)


async def _head_of(content: AsyncIterator[bytes]) -> bytes:
    """The first pieces, enough to tell what it is."""
    head = bytearray()
    async for piece in content:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    return bytes(head)
