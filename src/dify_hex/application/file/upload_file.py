"""Taking in a file."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Protocol

from dify_hex.application.file.file_intake import FileDetails, FileIntake, NewFile
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import FileOwner, FileSource
from dify_hex.domain.file.names import FileName


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

    def __init__(self, *, intake: FileIntake, clock: Clock) -> None:
        self._intake = intake
        self._clock = clock

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
        new = NewFile(
            tenant_id=actor.tenant_id,
            name=FileName.parse(incoming.name),
            source=FileSource.UPLOAD,
            owner=FileOwner(
                account_id=actor.account_id,
                api_key_id=actor.api_key_id,
                app_id=actor.bound_app_id,
            ),
            declared=incoming.media_type,
        )
        file = await self._intake.take(new, incoming.content(), incoming.details)
        return FileView.of(file, file.require_available(now=self._clock.now()))
