"""The files of one run: those that its values name, and those that it leaves behind."""

from collections.abc import AsyncIterator

from dify_hex.application.workflow.file_contents import FileContents, OpenedFile
from dify_hex.application.workflow.generated_files import GeneratedFiles, RunOwner
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject


class RunFiles:
    """Reads and keeps files in the name of a run's app and end user."""

    def __init__(
        self, contents: FileContents, generated: GeneratedFiles, context: NodeContext
    ) -> None:
        self._contents = contents
        self._generated = generated
        self._owner = RunOwner(
            tenant_id=context.tenant_id, app_id=context.facts.app_id, user=context.facts.user
        )

    async def open(self, file: FileReference, *, limit: int) -> OpenedFile:
        """A file, ready to be read; it has at most `limit` bytes.

        Raises:
            DomainError: as `FileContents` says.
        """
        owner = self._owner
        return await self._contents.open(
            owner.tenant_id, file, app_id=owner.app_id, user=owner.user, limit=limit
        )

    async def keep(self, name: str, content: AsyncIterator[bytes]) -> JsonObject:
        """A new file, as the value that names it.

        Raises:
            DomainError: as `GeneratedFiles` says.
        """
        return (await self._generated.keep(self._owner, name, content)).to_json()
