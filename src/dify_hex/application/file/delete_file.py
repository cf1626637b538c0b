"""Deleting a file."""

from contextlib import suppress
from dataclasses import dataclass

from dify_hex.application.file.access import require_access
from dify_hex.application.file.ports import FileStorage, FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileOfDocument
from dify_hex.domain.file.file import FileSource
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import EndUserName, FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFileCommand:
    """Which file; with a `user`, only if it is theirs."""

    file_id: FileId
    user: EndUserName | None = None


class DeleteFile:
    """Deletes a file with its content.

    - Once it is committed nobody finds the file, also while its content cannot be reached; the
      sweep removes what is left.
    - Messages that carry the file go on naming it.
    - The file of a document goes with that, and only so.
    - A file of another end user does not exist for this one.
    """

    def __init__(self, *, begin: BeginWork[FileWork], clock: Clock, storage: FileStorage) -> None:
        self._begin = begin
        self._clock = clock
        self._storage = storage

    async def execute(self, actor: Actor, command: DeleteFileCommand) -> None:
        """Delete it.

        Raises:
            FileNotFound: there is no such file of this user.
            FileExpired: its time is over, and it goes by itself.
            FileOfDocument: a document has it to itself.
        """
        actor.require(Permission.CONVERSATION_WRITE)
        now = self._clock.now()
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(command.file_id)
            require_access(actor, Permission.CONVERSATION_WRITE, file, user=command.user)
            file.require_available(now=now)
            if file.source is FileSource.DOCUMENT:
                raise FileOfDocument
            file.delete(now=now)
            await work.commit()
        with suppress(Unavailable):
            await self._storage.delete(file.key)
