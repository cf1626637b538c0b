"""What is shown of files: frozen, and ready for the wire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dify_hex.domain.file.file import File, FileContent, FileSource
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId
from dify_hex.domain.shared.values.file_reference import FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file whose content is there; `size` is in bytes, `extension` without its dot."""

    id: FileId
    app_id: AppId | None
    user: EndUserName | None
    name: str
    extension: str
    kind: FileKind
    media_type: str
    size: int
    sha256: str
    source: FileSource
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, file: File, content: FileContent) -> Self:
        """The view of a file, and what is stored of it."""
        state = file.state
        return cls(
            id=file.id,
            app_id=state.owner.app_id,
            user=state.owner.user,
            name=file.name,
            extension=file.type.extension,
            kind=file.type.kind,
            media_type=file.type.media_type,
            size=content.size,
            sha256=content.sha256,
            source=file.source,
            created_at=state.created_at,
            expires_at=state.expires_at,
        )
