"""Files in memory, for nodes that read them."""

from collections.abc import AsyncIterator, Mapping
from functools import partial

from dify_hex.application.workflow.file_contents import FileContents, OpenedFile
from dify_hex.domain.file.errors import FileTooLarge
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId, TenantId
from dify_hex.domain.shared.values.file_reference import FileReference


class KeptContents(FileContents):
    """Files that a test has written; every address holds `fetched`."""

    def __init__(self, contents: Mapping[FileId, bytes]) -> None:
        self._contents = contents

    async def read(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> bytes:
        del tenant_id, app_id, user
        content = b"fetched" if file.id is None else self._contents[file.id]
        if len(content) > limit:
            raise FileTooLarge
        return content

    async def open(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> OpenedFile:
        content = await self.read(tenant_id, file, app_id=app_id, user=user, limit=limit)
        return OpenedFile(
            name=file.name,
            media_type=file.mime_type,
            size=len(content),
            parts=partial(_parts, content),
        )


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content
