"""Reads what a caller names a file by: an id, an object of Dify's form, or a value of our own."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import UUID

from dify_hex.domain.file.media_types import known_extension
from dify_hex.domain.file.names import extension_of
from dify_hex.domain.file.sniffing import BINARY
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.outbound_errors import OutboundUrlInvalid
from dify_hex.domain.shared.values.file_reference import (
    DISCRIMINATOR,
    FileKind,
    FileReference,
    TransferMethod,
)
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.outbound_url import OutboundUrl

MAX_URL_LENGTH = 2048
_KINDS = tuple(FileKind)
_UNNAMED = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """What is wrong with something that was to name a file."""

    code: str
    message: str


_NO_FILE = Unreadable(
    code="file_input_invalid",
    message="Give the id of a file, or an object with `transfer_method` and, by that, "
    "`upload_file_id` or `url`.",
)
_NO_URL = Unreadable(
    code="file_input_url_invalid",
    message=f"Give an address with http or https, without a user in it, and no longer than "
    f"{MAX_URL_LENGTH} characters.",
)


def read_given(value: JsonValue) -> FileId | FileReference | Unreadable:
    """A file of ours by its id, or one at an address, whole; or what is wrong."""
    if isinstance(value, str):
        return _id_of(value)
    if not isinstance(value, Mapping):
        return _NO_FILE
    inner = value.get(DISCRIMINATOR)
    if isinstance(inner, Mapping):
        value = {**inner, "upload_file_id": inner.get("related_id")}
    match value.get("transfer_method", TransferMethod.LOCAL_FILE.value):
        case TransferMethod.LOCAL_FILE.value:
            return _id_of(value.get("upload_file_id"))
        case TransferMethod.REMOTE_URL.value:
            return _at_address(value)
        case _:
            return _NO_FILE


def _id_of(value: JsonValue) -> FileId | Unreadable:
    try:
        return FileId(UUID(value)) if isinstance(value, str) else _NO_FILE
    except ValueError:
        return _NO_FILE


def _at_address(value: JsonObject) -> FileReference | Unreadable:
    url, declared = value.get("url"), value.get("type")
    if not isinstance(url, str) or not _is_address(url):
        return _NO_URL
    name = unquote(urlsplit(url).path).rpartition("/")[2].strip()[:255] or _UNNAMED
    extension = extension_of(name)
    known = known_extension(extension)
    kind = FileKind.CUSTOM if known is None else known.kind
    if declared is not None:
        if declared not in _KINDS:
            return _NO_FILE
        kind = FileKind(str(declared))
    return FileReference(
        type=kind,
        transfer_method=TransferMethod.REMOTE_URL,
        name=name,
        extension=f".{extension}" if extension else "",
        mime_type=BINARY if known is None else known.name,
        url=url,
    )


def _is_address(url: str) -> bool:
    try:
        OutboundUrl.parse(url)
    except OutboundUrlInvalid:
        return False
    return len(url) <= MAX_URL_LENGTH
