"""The http-request node: one request to a server that the graph's author names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_URL_LENGTH = 8_000
MAX_ITEMS = 200
#: Seconds; what the deployment allows at most is never exceeded.
MAX_TIMEOUT_SECONDS = 600.0

_FILES = frozenset({ValueType.FILE, ValueType.FILES})


class HttpMethod(StrEnum):
    """What is asked of the server."""

    GET = "get"
    POST = "post"
    PUT = "put"
    PATCH = "patch"
    DELETE = "delete"
    HEAD = "head"
    OPTIONS = "options"


class AuthorizationType(StrEnum):
    """Whether the request proves who sends it."""

    NONE = "no-auth"
    API_KEY = "api-key"


class ApiKeyType(StrEnum):
    """How a key is sent: `Basic …` or `Bearer …` in `Authorization`, or in a header named."""

    BASIC = "basic"
    BEARER = "bearer"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, best written as a reference to a secret; `header` belongs to the type custom."""

    type: ApiKeyType
    api_key: str
    header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """With which key the request is sent."""

    type: AuthorizationType = AuthorizationType.NONE
    config: ApiKey | None = None


class BodyType(StrEnum):
    """What the request carries."""

    NONE = "none"
    FORM_DATA = "form-data"
    URL_ENCODED = "x-www-form-urlencoded"
    RAW_TEXT = "raw-text"
    JSON = "json"
    BINARY = "binary"


class BodyItemType(StrEnum):
    """Whether a field of a form is a text or a file."""

    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyItem:
    """A field of a form, or the one content of a body of another type."""

    key: str = ""
    type: BodyItemType = BodyItemType.TEXT
    value: str = ""
    file: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """A text, or items: any number for forms, a single one for the other types."""

    type: BodyType = BodyType.NONE
    data: str | tuple[BodyItem, ...] = ()

    @property
    def items(self) -> tuple[BodyItem, ...]:
        """The items; a text counts as one of them."""
        if isinstance(self.data, str):
            return (BodyItem(value=self.data),) if self.data else ()
        return self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTimeout:
    """Seconds to connect, between two pieces of the answer, and of the request."""

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequestConfig(NodeConfig):
    """The request; `headers` and `params` have a `name: value` on each line."""

    type: ClassVar[str] = "http-request"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False
    accepts_secrets: ClassVar[bool] = True

    method: HttpMethod = HttpMethod.GET
    url: str
    authorization: Authorization = field(default_factory=Authorization)
    headers: str = ""
    params: str = ""
    body: RequestBody = field(default_factory=RequestBody)
    timeout: RequestTimeout = field(default_factory=RequestTimeout)
    ssl_verify: bool = True
    #: Whether an answer with a status from 400 on fails the node, and so may be retried.
    fail_on_error_status: bool = False

    def outputs(self) -> Mapping[str, ValueType]:
        """The answer; one that is a file has an empty `body`."""
        return {
            "status_code": ValueType.INTEGER,
            "body": ValueType.STRING,
            "headers": ValueType.OBJECT,
            "files": ValueType.FILES,
        }

    def references(self) -> Iterable[Reference]:
        """The values in every part of the request."""
        yield from _in_text(self.url, "url")
        if self.authorization.config is not None:
            yield from _in_text(self.authorization.config.api_key, "authorization.config.api_key")
            yield from _in_text(self.authorization.config.header, "authorization.config.header")
        yield from _in_text(self.headers, "headers")
        yield from _in_text(self.params, "params")
        if isinstance(self.body.data, str):
            yield from _in_text(self.body.data, "body.data")
            return
        for index, item in enumerate(self.body.data):
            place = f"body.data.{index}"
            yield from _in_text(item.key, f"{place}.key")
            if item.type is BodyItemType.TEXT:
                yield from _in_text(item.value, f"{place}.value")
            if item.file is not None:
                yield Reference(item.file, f"{place}.file", _FILES)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the request from being sent."""
        if not 1 <= len(self.url.strip()) <= MAX_URL_LENGTH:
            yield ConfigFault(
                code="url_invalid",
                field="url",
                message=f"Write the address, in at most {MAX_URL_LENGTH} characters.",
            )
        for name, text in (("headers", self.headers), ("params", self.params)):
            yield from _line_faults(text, name)
        yield from self._authorization_faults()
        yield from self._body_faults()
        for name, seconds in (
            ("connect", self.timeout.connect),
            ("read", self.timeout.read),
            ("write", self.timeout.write),
        ):
            if not 0 < seconds <= MAX_TIMEOUT_SECONDS:
                yield ConfigFault(
                    code="number_out_of_range",
                    field=f"timeout.{name}",
                    message=f"Use more than 0 and at most {MAX_TIMEOUT_SECONDS:g} seconds.",
                )

    def _authorization_faults(self) -> Iterator[ConfigFault]:
        if self.authorization.type is AuthorizationType.NONE:
            return
        config = self.authorization.config
        if config is None or not config.api_key.strip():
            yield ConfigFault(
                code="authorization_incomplete",
                field="authorization.config",
                message="Give the key that the request is sent with, or send it with none.",
            )
        elif config.type is ApiKeyType.CUSTOM and not config.header.strip():
            yield ConfigFault(
                code="authorization_incomplete",
                field="authorization.config.header",
                message="Name the header that carries the key.",
            )

    def _body_faults(self) -> Iterator[ConfigFault]:
        items, kind = self.body.items, self.body.type
        forms = {BodyType.FORM_DATA, BodyType.URL_ENCODED}
        most = 0 if kind is BodyType.NONE else MAX_ITEMS if kind in forms else 1
        if len(items) > most:
            yield ConfigFault(
                code="body_items_count",
                field="body.data",
                message=f"A body of the type {kind} has at most {most} items; remove the others.",
            )
        for index, item in enumerate(items):
            yield from _item_faults(item, kind, f"body.data.{index}")


def _item_faults(item: BodyItem, kind: BodyType, place: str) -> Iterator[ConfigFault]:
    is_file = item.type is BodyItemType.FILE
    if is_file and kind not in {BodyType.FORM_DATA, BodyType.BINARY}:
        yield ConfigFault(
            code="body_item_type",
            field=f"{place}.type",
            message=f"A body of the type {kind} carries no files; use form-data or binary.",
        )
    elif (is_file or kind is BodyType.BINARY) and item.file is None:
        yield ConfigFault(
            code="body_file_missing",
            field=f"{place}.file",
            message="Select the file that is sent.",
        )


def _line_faults(text: str, name: str) -> Iterator[ConfigFault]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_ITEMS:
        yield ConfigFault(
            code="http_lines_count", field=name, message=f"Use at most {MAX_ITEMS} lines."
        )
    for number, line in enumerate(lines, start=1):
        # A line may as a whole come out of a value.
        if not line.partition(":")[0].strip():
            yield ConfigFault(
                code="http_line_invalid",
                field=name,
                message=f"Write line {number} as a name, a colon, and a value.",
            )


def _in_text(text: str, place: str) -> Iterator[Reference]:
    for selector in Template.parse(text).selectors:
        yield Reference(selector, place)
