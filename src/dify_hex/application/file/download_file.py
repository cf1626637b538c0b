"""Fetching the content of a file."""

from dataclasses import dataclass

from dify_hex.application.file.access import require_access
from dify_hex.application.file.ports import FileStorage, FileWork
from dify_hex.application.file.readable_file import ReadableFile
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import EndUserName, FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFileCommand:
    """Which file; with a `user`, only if it is theirs."""

    file_id: FileId
    user: EndUserName | None = None


class DownloadFile:
    """Opens a file for reading.

    - Whoever may look at a file may fetch it.
    - The content is read when it is sent, in pieces, without a transaction being held open.
    """

    def __init__(self, *, begin: BeginWork[FileWork], clock: Clock, storage: FileStorage) -> None:
        self._begin = begin
        self._clock = clock
        self._storage = storage

    async def execute(self, actor: Actor, command: DownloadFileCommand) -> ReadableFile:
        """The file, ready to be read.

        Raises:
            FileNotFound: there is no such file of this user.
            FileExpired: its time is over.
        """
        actor.require(Permission.CONVERSATION_READ)
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(command.file_id)
        require_access(actor, Permission.CONVERSATION_READ, file, user=command.user)
        return ReadableFile.of(file, self._storage, now=self._clock.now())
