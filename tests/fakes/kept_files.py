"""Files that runs leave behind, in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.generated_files import GeneratedFiles, RunOwner
from dify_hex.domain.file.errors import FileEmpty
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod


@dataclass(slots=True)
class KeptFiles(GeneratedFiles):
    """Keeps contents by name, and whose they are."""

    contents: dict[str, bytes] = field(default_factory=dict)
    owners: list[RunOwner] = field(default_factory=list)

    async def keep(
        self, owner: RunOwner, name: str, content: AsyncIterator[bytes]
    ) -> FileReference:
        """The file, as a custom one."""
        whole = b"".join([part async for part in content])
        if not whole:
            raise FileEmpty
        self.owners.append(owner)
        self.contents[name] = whole
        return FileReference(
            type=FileKind.CUSTOM,
            transfer_method=TransferMethod.LOCAL_FILE,
            name=name,
            extension="",
            mime_type="application/octet-stream",
            size=len(whole),
            id=FileId(new_id()),
        )
