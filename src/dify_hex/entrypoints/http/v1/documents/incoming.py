"""What documents come in as: a form with files, read as it comes, or a short JSON."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.requests import Request

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.domain.shared.errors import InvalidInput
from dify_hex.entrypoints.http.multipart import FORM, MultipartForm, Part
from dify_hex.entrypoints.http.v1.documents.schemas import AddFileRequest, AddTextRequest

MAX_FILES = 50
_FIELD = "file"
_JSON = "application/json"
_GIVEN: TypeAdapter[AddTextRequest | AddFileRequest] = TypeAdapter(AddTextRequest | AddFileRequest)


class FormFile(IncomingFile):
    """One file of a form."""

    def __init__(self, form: MultipartForm, part: Part) -> None:
        self._form = form
        self._part = part

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

    async def details(self) -> FileDetails:
        """Nothing else is said of it."""
        return FileDetails()


def carries_form(request: Request) -> bool:
    """Whether files come as a form."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == FORM


async def files_of(request: Request) -> AsyncIterator[IncomingFile]:
    """The files of a form, each to be read before the next is asked for.

    Raises:
        MalformedForm: the form cannot be read.
        InvalidInput: there is no file in it, too many of them, or something else.
    """
    form = MultipartForm.of(request)
    count = 0
    while (part := await form.next_part()) is not None:
        if part.filename is None or part.name != _FIELD:
            raise _refused(part.name, "unexpected")
        count += 1
        if count > MAX_FILES:
            raise _refused(_FIELD, f"there more than {MAX_FILES} times")
        yield FormFile(form, part)
    if count == 0:
        raise _refused(_FIELD, "missing")


async def given_in(request: Request) -> AddTextRequest | AddFileRequest:
    """The one document of a JSON body.

    Raises:
        RequestValidationError: it is neither a text nor a file.
    """
    sent = await request.body() or b"null"
    try:
        return _GIVEN.validate_json(sent)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        raise RequestValidationError(found, body=_readable(sent)) from None


def _readable(sent: bytes) -> object:
    try:
        return from_json(sent)
    except ValueError:
        return None


def added_body() -> Mapping[str, Any]:
    """The ways to add documents, in OpenAPI."""
    files = {
        "type": "object",
        "properties": {
            _FIELD: {
                "type": "array",
                "items": {"type": "string", "format": "binary"},
                "minItems": 1,
                "maxItems": MAX_FILES,
                "description": "As many parts of this name as there are files.",
            }
        },
        "required": [_FIELD],
    }
    given = [AddTextRequest.model_json_schema(), AddFileRequest.model_json_schema()]
    return {
        "required": True,
        "content": {FORM: {"schema": files}, _JSON: {"schema": {"anyOf": given}}},
    }


def _refused(field: str, problem: str) -> InvalidInput:
    message = f"This part is {problem}."
    return InvalidInput(
        fields=[{"field": field, "in": "body", "problem": problem, "message": message}]
    )
