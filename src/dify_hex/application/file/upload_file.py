"""Taking in a file."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dify_hex.application.file.ports import FileStorage, FileWork
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import File, FileContent, FileOwner, FileSource
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.file.names import FileName
from dify_hex.domain.file.sniffing import HEAD_BYTES
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import EndUserName, FileId
from dify_hex.domain.shared.values.file_reference import FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDetails:
    """Whose file it is, and how long it is to be kept, if for a limited time."""

    user: EndUserName | None = None
    keep_for: timedelta | None = None


class IncomingFile(Protocol):
    """A file on its way in, as its sender announces it."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called."""

    @property
    @abstractmethod
    def media_type(self) -> str | None:
        """What its sender says that it is."""

    @abstractmethod
    def content(self) -> AsyncIterator[bytes]:
        """Its bytes, once."""

    @abstractmethod
    async def details(self) -> FileDetails:
        """What else the sender says of it; some say so after the content."""


class UploadFile:
    """Takes in a file, piece by piece.

    - What it is follows from its first bytes; name and declaration must not contradict them.
    - Each kind has its own limit of size, which holds while the content comes in.
    - It is on record before its content is stored: an upload that breaks off leaves nothing.
    - Whoever may run apps may bring files for them.
    - With a key that is bound to an app, the file is that app's; else it is the tenant's.
    - The same file sent twice is two files.
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

    async def execute(self, actor: Actor, incoming: IncomingFile) -> FileView:
        """Take in the file.

        Raises:
            FileNameInvalid: it has no name that it could be kept under.
            FileTypeUnsupported: it is not what it says it is, or of a blocked type.
            FileTooLarge: it is larger than files of its kind may be.
            FileEmpty: there is nothing in it.
            FileLifetimeInvalid: it cannot be kept for as long, or as short, as is wanted.
            StorageUnavailable: its content cannot be stored at present.
        """
        actor.require(Permission.APP_RUN)
        name = FileName.parse(incoming.name)
        content = incoming.content()
        head = await _head_of(content)
        decided = FileType.decide(head, name, incoming.media_type)
        self._limits.check_type(decided)
        self._limits.check_size(decided.kind, len(head))
        file = await self._record(actor, name, decided)
        try:
            pieces = self._within_limits(decided.kind, head, content)
            stored = await self._storage.put(file.key, pieces)
            return await self._complete(file, stored, await incoming.details())
        except Exception:
            # A cancelled upload has no time for this: it is found and given up later.
            with suppress(Unavailable):
                await self._give_up(file)
            raise

    async def _record(self, actor: Actor, name: FileName, type: FileType) -> File:
        file = File.begin(
            id=FileId(new_id()),
            tenant_id=actor.tenant_id,
            name=name.text,
            type=type,
            source=FileSource.UPLOAD,
            owner=FileOwner(
                account_id=actor.account_id,
                api_key_id=actor.api_key_id,
                app_id=actor.bound_app_id,
            ),
            now=self._clock.now(),
        )
        async with self._begin(actor.tenant_id) as work:
            work.files.add(file)
            await work.commit()
        return file

    async def _complete(self, file: File, stored: FileContent, details: FileDetails) -> FileView:
        now = self._clock.now()
        async with self._begin(file.tenant_id) as work:
            file = await work.files.get(file.id)
            file.complete(
                stored,
                user=details.user,
                expires_at=self._limits.expiry(details.keep_for, now=now),
                now=now,
            )
            await work.commit()
        return FileView.of(file, stored)

    async def _give_up(self, file: File) -> None:
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


async def _head_of(content: AsyncIterator[bytes]) -> bytes:
    """The first pieces, enough to tell what it is."""
    head = bytearray()
    async for piece in content:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    return bytes(head)
