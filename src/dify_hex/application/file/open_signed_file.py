"""Fetching a file with a link."""

from dataclasses import dataclass

from dify_hex.application.file.ports import FileLink, FileLinkSigner, FileStorage, FileWork
from dify_hex.application.file.readable_file import ReadableFile
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.file.errors import FileLinkExpired, FileLinkInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSignedFileCommand:
    """A link as somebody has brought it, and the signature that came with it."""

    link: FileLink
    signature: str


class OpenSignedFile:
    """Opens the file that a link leads to; the link is the only credential.

    - A link that was not made here, or was changed, leads nowhere.
    - A link that is over says so, but only if it was genuine.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[FileWork],
        clock: Clock,
        storage: FileStorage,
        signer: FileLinkSigner,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._storage = storage
        self._signer = signer

    async def execute(self, command: OpenSignedFileCommand) -> ReadableFile:
        """The file, ready to be read.

        Raises:
            FileLinkInvalid: the link was not made here.
            FileLinkExpired: the link is over.
            FileNotFound: the file was deleted.
            FileExpired: the file's time is over.
        """
        link = command.link
        if not self._signer.is_genuine(link, command.signature):
            raise FileLinkInvalid
        now = self._clock.now()
        if link.expires_at <= now:
            raise FileLinkExpired
        async with self._begin(link.tenant_id) as work:
            file = await work.files.get(link.file_id)
        return ReadableFile.of(file, self._storage, now=now)
