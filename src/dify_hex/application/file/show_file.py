"""Looking at one file."""

from dataclasses import dataclass

from dify_hex.application.file.access import require_access
from dify_hex.application.file.ports import FileWork
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import EndUserName, FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFileCommand:
    """Which file; with a `user`, only if it is theirs."""

    file_id: FileId
    user: EndUserName | None = None


class ShowFile:
    """Shows what a file is.

    - A file of another end user does not exist for this one.
    - A key that is bound to an app sees that app's files only.
    - A file whose time is over says so until it is swept away.
    """

    def __init__(self, *, begin: BeginWork[FileWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: ShowFileCommand) -> FileView:
        """The file.

        Raises:
            FileNotFound: there is no such file of this user.
            FileExpired: its time is over.
        """
        actor.require(Permission.CONVERSATION_READ)
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(command.file_id)
        require_access(actor, Permission.CONVERSATION_READ, file, user=command.user)
        return FileView.of(file, file.require_available(now=self._clock.now()))
