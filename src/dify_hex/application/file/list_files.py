"""Looking through files."""

from dataclasses import dataclass

from dify_hex.application.file.ports import FileFilter, FileReader
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import EndUserName
from dify_hex.domain.shared.paging import CursorPage, CursorRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilesCommand:
    """Which stretch of the list; with a `user`, only what is theirs."""

    cursor: CursorRequest
    user: EndUserName | None = None


class ListFiles:
    """Shows the files that can be used, the latest first.

    - A key that is bound to an app sees that app's files only.
    """

    def __init__(self, *, reader: FileReader) -> None:
        self._reader = reader

    async def execute(self, actor: Actor, command: ListFilesCommand) -> CursorPage[FileView]:
        """A stretch of the list."""
        actor.require(Permission.CONVERSATION_READ)
        wanted = FileFilter(app_id=actor.bound_app_id, user=command.user)
        return await self._reader.list_files(actor.tenant_id, wanted, command.cursor)
