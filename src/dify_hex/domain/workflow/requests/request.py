"""The request of an http-request node, with the run's values in every part of it."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.workflow.errors import RequestUnusable
from dify_hex.domain.workflow.nodes.http_request import (
    ApiKeyType,
    Authorization,
    AuthorizationType,
    BodyItem,
    BodyItemType,
    BodyType,
    HttpRequestConfig,
    RequestBody,
)
from dify_hex.domain.workflow.requests.json_body import write_json
from dify_hex.domain.workflow.requests.written import Field, Written, write, write_lines
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import Selector

_AUTHORIZATION = "Authorization"
_CONTENT_TYPE = "content-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBody:
    """A text, and its media type unless the author names another."""

    text: Written
    media_type: str


@dataclass(frozen=True, slots=True)
class FileBody:
    """One file as the whole body."""

    file: FileReference


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file as a field of a form."""

    name: str
    file: FileReference


@dataclass(frozen=True, slots=True)
class FormBody:
    """Fields and files, in their order."""

    parts: tuple[Field | FilePart, ...]


Body = TextBody | FileBody | FormBody


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """A request that can be sent; where a header is there twice, both are."""

    method: str
    url: str = field(repr=False)
    headers: tuple[Field, ...]
    body: Body | None

    def has_header(self, name: str) -> bool:
        """Whether the author sets the header; case does not matter."""
        return any(header.name.lower() == name.lower() for header in self.headers)

    @property
    def has_secret_body(self) -> bool:
        """Whether the body holds anything of the environment."""
        match self.body:
            case TextBody(text=text):
                return text.is_secret
            case FormBody(parts=parts):
                return any(isinstance(part, Field) and part.value.is_secret for part in parts)
            case _:
                return False


def prepare_request(config: HttpRequestConfig, variables: VariablePool) -> PreparedRequest:
    """The request as this run asks for it.

    Raises:
        VariableMissing: a value is not there.
        RequestUnusable: a value cannot stand where it should.
    """
    body = _body(config.body, variables)
    authorization = tuple(_authorization(config.authorization, variables))
    taken = {header.name.lower() for header in authorization}
    if isinstance(body, FormBody):
        # Where its parts begin is known only to whoever writes it.
        taken.add(_CONTENT_TYPE)
    headers = tuple(
        header
        for header in write_lines(config.headers, variables)
        if header.name.lower() not in taken
    )
    return PreparedRequest(
        method=config.method.value.upper(),
        url=_url(config, variables),
        headers=headers + authorization,
        body=body,
    )


def _url(config: HttpRequestConfig, variables: VariablePool) -> str:
    address, hash_sign, fragment = write(config.url, variables).text.strip().partition("#")
    params = urlencode(
        [(field.name, field.value.text) for field in write_lines(config.params, variables)]
    )
    if params:
        joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
        address += joint + params
    return address + hash_sign + fragment


def _authorization(authorization: Authorization, variables: VariablePool) -> Iterator[Field]:
    """The header that carries the key, which counts as a secret wherever it comes from."""
    config = authorization.config
    if authorization.type is AuthorizationType.NONE or config is None:
        return
    key = write(config.api_key, variables).text
    match config.type:
        case ApiKeyType.BEARER:
            yield Field(_AUTHORIZATION, Written(f"Bearer {key}", is_secret=True))
        case ApiKeyType.BASIC:
            # A user and a password; one without a colon is encoded already.
            encoded = b64encode(key.encode()).decode() if ":" in key else key
            yield Field(_AUTHORIZATION, Written(f"Basic {encoded}", is_secret=True))
        case _:
            name = write(config.header, variables).text.strip() or _AUTHORIZATION
            yield Field(name, Written(key, is_secret=True))


def _body(body: RequestBody, variables: VariablePool) -> Body | None:
    if body.type is BodyType.NONE or not body.items:
        return None
    match body.type:
        case BodyType.FORM_DATA:
            return FormBody(tuple(_parts(body, variables)))
        case BodyType.URL_ENCODED:
            return _url_encoded(body, variables)
        case BodyType.BINARY:
            return _binary(body.items[0], variables)
        case BodyType.JSON:
            text = write_json(body.items[0].value, variables, place="body.data")
            return TextBody(text=text, media_type="application/json") if text.text else None
        case _:
            text = write(body.items[0].value, variables)
            return TextBody(text=text, media_type="text/plain; charset=utf-8")


def _parts(body: RequestBody, variables: VariablePool) -> Iterator[Field | FilePart]:
    if isinstance(body.data, str):
        yield from write_lines(body.data, variables)
        return
    for index, item in enumerate(body.data):
        name = write(item.key, variables).text
        if item.type is BodyItemType.TEXT:
            yield Field(name, write(item.value, variables))
        elif item.file is not None:
            for file in _files(item.file, variables, f"body.data.{index}.file"):
                yield FilePart(name, file)


def _url_encoded(body: RequestBody, variables: VariablePool) -> TextBody:
    fields = [part for part in _parts(body, variables) if isinstance(part, Field)]
    text = urlencode([(field.name, field.value.text) for field in fields])
    return TextBody(
        text=Written(text, any(field.value.is_secret for field in fields)),
        media_type="application/x-www-form-urlencoded",
    )


def _binary(item: BodyItem, variables: VariablePool) -> FileBody | None:
    if item.file is None:
        return None
    place = "body.data.0.file"
    files = _files(item.file, variables, place)
    if len(files) > 1:
        raise RequestUnusable(place=place, reason="several files where one is sent")
    return FileBody(files[0])


def _files(selector: Selector, variables: VariablePool, place: str) -> Sequence[FileReference]:
    value = variables.get(selector)
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    items = value if isinstance(value, Sequence) and is_list else (value,)
    files = [file for item in items if (file := FileReference.from_json(item)) is not None]
    if not files or len(files) < len(items):
        raise RequestUnusable(place=place, reason=f"{selector} is no file")
    return files
