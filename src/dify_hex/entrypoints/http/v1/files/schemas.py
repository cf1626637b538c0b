"""Files on the wire."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.requests import Request

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.file.read_models import FileView
from dify_hex.application.file.sign_file_url import (
    DEFAULT_LIFETIME,
    LONGEST_LIFETIME,
    SignedFileLink,
    SignFileUrlCommand,
)
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.domain.file.file import FileSource
from dify_hex.domain.shared.errors import InvalidInput
from dify_hex.domain.shared.ids import EndUserName, FileId
from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.multipart import FORM, MultipartForm, Part
from dify_hex.entrypoints.http.v1.messages.schemas import UserText

#: The part that the file itself is.
FILE_FIELD = "file"
_MAX_FIELDS = 8
_MAX_FIELD_BYTES = 2048


class UploadFields(Schema):
    """What a form says beside the file itself."""

    user: UserText | None = Field(None, description="Your name for the end user whose file it is.")
    expires_in: Annotated[int, Field(ge=60, le=10**9)] | None = Field(
        None, description="Seconds after which the file is removed; for good when left out."
    )


class FormUpload(IncomingFile):
    """The file of a form; fields may come before and after it."""

    def __init__(self, form: MultipartForm, part: Part, fields: dict[str, str]) -> None:
        self._form = form
        self._part = part
        self._fields = fields

    @classmethod
    async def begin(cls, request: Request) -> Self:
        """Read the form up to its file.

        Raises:
            MediaTypeNotSupported: the request carries no form.
            MalformedForm: the form cannot be read.
            InvalidInput: there is no file in it.
        """
        form = MultipartForm.of(request)
        fields: dict[str, str] = {}
        while (part := await form.next_part()) is not None:
            if part.name == FILE_FIELD and part.filename is not None:
                return cls(form, part, fields)
            await _read_field(form, part, fields)
        raise part_refused(FILE_FIELD, "missing")

    @property
    def name(self) -> str:
        """What the file is called."""
        return self._part.filename or ""

    @property
    def media_type(self) -> str | None:
        """What the file's part says that it is."""
        return self._part.media_type

    def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file, once."""
        return self._form.content()

    async def fields(self) -> Mapping[str, str]:
        """What else is in the form, once its content was read."""
        while (part := await self._form.next_part()) is not None:
            await _read_field(self._form, part, self._fields)
        return self._fields

    async def details(self) -> FileDetails:
        """What the fields say, those behind the file included."""
        fields = _parsed(await self.fields())
        return FileDetails(
            user=None if fields.user is None else EndUserName(fields.user),
            keep_for=None if fields.expires_in is None else timedelta(seconds=fields.expires_in),
        )


class FileInfoResponse(Schema):
    """A file; `size` is in bytes, `sha256` in hexadecimal."""

    id: UUID
    name: str = Field(examples=["plan.pdf"])
    extension: str = Field(description="Without its dot.", examples=["pdf"])
    kind: FileKind
    media_type: str = Field(examples=["application/pdf"])
    size: int
    sha256: str
    user: str | None
    app_id: UUID | None = Field(description="The app of the key that brought it, if bound to one.")
    source: FileSource
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, file: FileView) -> Self:
        """The wire form."""
        return cls(
            id=file.id,
            name=file.name,
            extension=file.extension,
            kind=file.kind,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            user=file.user,
            app_id=file.app_id,
            source=file.source,
            created_at=file.created_at,
            expires_at=file.expires_at,
        )


class SignFileUrlRequest(Schema):
    """How long the link is to last, and whose file it has to be."""

    expires_in: Annotated[int, Field(ge=1, le=int(LONGEST_LIFETIME.total_seconds()))] = Field(
        int(DEFAULT_LIFETIME.total_seconds()), description="Seconds."
    )
    user: UserText | None = None

    def to_command(self, file_id: UUID) -> SignFileUrlCommand:
        """Which file gets a link."""
        return SignFileUrlCommand(
            file_id=FileId(file_id),
            user=None if self.user is None else EndUserName(self.user),
            lifetime=timedelta(seconds=self.expires_in),
        )


class FileUrlResponse(Schema):
    """An address, below that of the API, at which anybody can fetch the file until it expires."""

    url: str = Field(examples=["/files/019aa0f0-…?tenant=…&expires=…&signature=…"])
    expires_at: datetime

    @classmethod
    def of(cls, signed: SignedFileLink) -> Self:
        """The wire form."""
        link = signed.link
        expires = int(link.expires_at.timestamp())
        query = f"tenant={link.tenant_id}&expires={expires}&signature={signed.signature}"
        return cls(url=f"/files/{link.file_id}?{query}", expires_at=link.expires_at)


def upload_body() -> Mapping[str, Any]:
    """The form of an upload in OpenAPI."""
    schema = UploadFields.model_json_schema()
    fields = {name: _as_form_field(field) for name, field in schema["properties"].items()}
    file = {"type": "string", "format": "binary"}
    schema["properties"] = {FILE_FIELD: file, **fields}
    schema["required"] = [FILE_FIELD]
    return {"required": True, "content": {FORM: {"schema": schema}}}


def _as_form_field(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a form can say: no null, and no types either, as everything in it is text."""
    kind, _ = field["anyOf"]
    said = ("minLength", "maxLength", "minimum", "maximum", "examples")
    told = {name: kind[name] for name in said if name in kind}
    return {**told, "description": field["description"]}


async def _read_field(form: MultipartForm, part: Part, fields: dict[str, str]) -> None:
    if part.filename is not None or part.name in fields or len(fields) == _MAX_FIELDS:
        raise part_refused(part.name, "unexpected")
    fields[part.name] = await form.text(max_bytes=_MAX_FIELD_BYTES)


def _parsed(fields: Mapping[str, str]) -> UploadFields:
    try:
        return UploadFields.model_validate(fields, strict=False)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        raise RequestValidationError(found) from None


def part_refused(field: str, problem: str) -> InvalidInput:
    """The refusal of a form with that part, or without it."""
    fault = {
        "field": field,
        "in": "body",
        "problem": problem,
        "message": f"This part is {problem}.",
    }
    return InvalidInput(fields=[fault])
