"""Reads the files of runs: ours from the storage, others from where they are."""

from collections.abc import AsyncIterator
from functools import partial

from dify_hex.application.file.ports import FileStorage, FileWork
from dify_hex.application.file.readable_file import ReadableFile
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.outbound_http import (
    OutboundHttp,
    OutboundLimits,
    OutboundRequest,
)
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.file_contents import FileContents, OpenedFile
from dify_hex.domain.file.errors import FileNotFound, FileTooLarge
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId, TenantId
from dify_hex.domain.shared.outbound_errors import OutboundResponseTooLarge
from dify_hex.domain.shared.values.file_reference import FileReference

_OK = 200


class StoredFileContents(FileContents):
    """Believes no value that names a file: nodes can make up any.

    A file of ours is looked up, and has to be one that the run may use. An address is asked by the
    guarded client, as anything that a tenant names.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[FileWork],
        clock: Clock,
        storage: FileStorage,
        http: OutboundHttp,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._storage = storage
        self._http = http

    async def read(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> bytes:
        """Everything in the file; `OutboundHttp` says how an address can fail."""
        opened = await self.open(tenant_id, file, app_id=app_id, user=user, limit=limit)
        return b"".join([part async for part in opened.parts()])

    async def open(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> OpenedFile:
        """The file; `OutboundHttp` says how an address can fail."""
        if file.url is not None:
            content = await self._fetched(tenant_id, file.url, limit)
            return OpenedFile(
                name=file.name,
                media_type=file.mime_type,
                size=len(content),
                parts=partial(_whole, content),
            )
        if file.id is None:
            raise FileNotFound
        readable = await self._readable(tenant_id, file.id, app_id, user)
        view = readable.view
        if view.size > limit:
            raise FileTooLarge(name=file.name, size=view.size, limit=limit)
        return OpenedFile(
            name=view.name,
            media_type=view.media_type,
            size=view.size,
            parts=partial(_stored, readable),
        )

    async def _readable(
        self, tenant_id: TenantId, file_id: FileId, app_id: AppId, user: EndUserName
    ) -> ReadableFile:
        async with self._begin(tenant_id) as work:
            file = await work.files.get(file_id)
        if not file.state.owner.admits(app_id=app_id, user=user):
            raise FileNotFound
        return ReadableFile.of(file, self._storage, now=self._clock.now())

    async def _fetched(self, tenant_id: TenantId, url: str, limit: int) -> bytes:
        limits = OutboundLimits(max_body_bytes=limit)
        try:
            answer = await self._http.send(
                OutboundRequest(tenant_id=tenant_id, url=url, limits=limits)
            )
        except OutboundResponseTooLarge:
            raise FileTooLarge(limit=limit) from None
        if answer.status != _OK:
            raise FileNotFound(status=answer.status)
        return answer.body


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _stored(file: ReadableFile) -> AsyncIterator[bytes]:
    async for piece in await file.read():
        yield piece
