"""A file as the value of a variable: what it is and where it is, never its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

#: The only key of a file in JSON, by which it is told from any other object.
DISCRIMINATOR = "$file"
#: What a selector may ask of a file.
FILE_ATTRIBUTES = (
    "type",
    "size",
    "name",
    "mime_type",
    "transfer_method",
    "url",
    "extension",
    "related_id",
)


class FileKind(StrEnum):
    """What a file is good for; whatever fits nowhere else is custom."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    CUSTOM = "custom"


class TransferMethod(StrEnum):
    """Where a file's content is: with us, or at an address of somebody else's."""

    LOCAL_FILE = "local_file"
    REMOTE_URL = "remote_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """A file that a variable holds.

    `extension` has its dot (`.png`), or is empty. A file of ours has an `id` and a `size` in bytes;
    one at an address has its `url`, and a size only when that is known.
    """

    type: FileKind
    transfer_method: TransferMethod
    name: str
    extension: str
    mime_type: str
    size: int | None = None
    id: FileId | None = None
    url: str | None = None

    def attribute(self, name: str) -> JsonValue:
        """What a selector that ends in this attribute gives.

        Raises:
            KeyError: a file has no such attribute.
        """
        if name not in FILE_ATTRIBUTES:
            raise KeyError(name)
        return _plain(self)[name]

    def to_json(self) -> JsonObject:
        """The form in which the journal, messages and answers carry it."""
        return {DISCRIMINATOR: _plain(self)}

    @staticmethod
    def from_json(value: JsonValue) -> "FileReference | None":
        """The file that a JSON value stands for; None when it stands for something else."""
        if not isinstance(value, Mapping) or value.keys() != {DISCRIMINATOR}:
            return None
        plain = value[DISCRIMINATOR]
        return _from_plain(plain) if isinstance(plain, Mapping) else None


def _plain(file: FileReference) -> Mapping[str, str | int | None]:
    return {
        "type": file.type.value,
        "transfer_method": file.transfer_method.value,
        "name": file.name,
        "extension": file.extension,
        "mime_type": file.mime_type,
        "size": file.size,
        "related_id": None if file.id is None else str(file.id),
        "url": file.url,
    }


def _from_plain(plain: JsonObject) -> FileReference | None:
    size, related_id, url = plain.get("size"), plain.get("related_id"), plain.get("url")
    try:
        return FileReference(
            type=FileKind(str(plain.get("type"))),
            transfer_method=TransferMethod(str(plain.get("transfer_method"))),
            name=_text(plain.get("name")),
            extension=_text(plain.get("extension")),
            mime_type=_text(plain.get("mime_type")),
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            id=None if related_id is None else FileId(UUID(_text(related_id))),
            url=None if url is None else _text(url),
        )
    except ValueError:
        return None


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - one kind of error for all that is amiss
    return value
