"""What every successful answer looks like, and the bytes it is sent as."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dify_hex.domain.shared.paging import CursorPage, Page
from dify_hex.entrypoints.http.request_context import current_request

T = TypeVar("T")


class Schema(BaseModel):
    """The base of everything sent; requests forbid what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Meta(Schema):
    """Facts about the answer itself."""

    request_id: str = Field(examples=["req_019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de"])
    timestamp: datetime


class Pagination(Schema):
    """Where a page stands in its list."""

    page: int = Field(examples=[1])
    limit: int = Field(examples=[20])
    total: int = Field(examples=[156])
    total_pages: int = Field(examples=[8])
    has_next: bool
    has_prev: bool


class CursorPagination(Schema):
    """How to ask for what follows."""

    next_cursor: UUID | None
    has_more: bool


class Envelope(Schema, Generic[T]):
    """One resource."""

    code: Literal["success"]
    data: T
    meta: Meta


class ListEnvelope(Schema, Generic[T]):
    """A whole list, short by nature."""

    code: Literal["success"]
    data: Sequence[T]
    meta: Meta


class PageEnvelope(Schema, Generic[T]):
    """A page of a list whose length is known."""

    code: Literal["success"]
    data: Sequence[T]
    pagination: Pagination
    meta: Meta


class CursorEnvelope(Schema, Generic[T]):
    """A stretch of a list that only grows."""

    code: Literal["success"]
    data: Sequence[T]
    pagination: CursorPagination
    meta: Meta


def ok(data: BaseModel, *, version: int | None = None) -> Response:
    """200 with the resource; its version becomes the ETag that If-Match is compared with."""
    return _answer(200, _dump(data), version=version)


def listed(items: Iterable[BaseModel]) -> Response:
    """200 with a whole, short list."""
    return _answer(200, _dump_all(items))


def created(data: BaseModel, *, location: str, version: int | None = None) -> Response:
    """201 with the new resource and where it lives."""
    return _answer(201, _dump(data), version=version, headers={"location": location})


def accepted(data: BaseModel, *, location: str) -> Response:
    """202: the work is under way; `location` tells how it goes."""
    return _answer(202, _dump(data), headers={"location": location})


def no_content() -> Response:
    """204: done, and there is nothing to say."""
    return Response(status_code=204)


def page_of(page: Page[T], items: Iterable[BaseModel]) -> Response:
    """200 with one page; `items` are the page's, in their wire form."""
    pagination = orjson.dumps(
        {
            "page": page.page,
            "limit": page.limit,
            "total": page.total,
            "total_pages": page.total_pages,
            "has_next": page.page < page.total_pages,
            "has_prev": page.page > 1,
        }
    )
    return _answer(200, _dump_all(items), pagination=pagination)


def stretch_of(page: CursorPage[T], items: Iterable[BaseModel]) -> Response:
    """200 with what follows a cursor; `items` are the page's, in their wire form."""
    # The driver's own UUIDs are not what orjson takes for one.
    cursor = None if page.next_cursor is None else str(page.next_cursor)
    pagination = orjson.dumps({"next_cursor": cursor, "has_more": page.has_more})
    return _answer(200, _dump_all(items), pagination=pagination)


def _answer(
    status: int,
    data: bytes,
    *,
    pagination: bytes | None = None,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    parts = [b'{"code":"success","data":', data]
    if pagination is not None:
        parts += (b',"pagination":', pagination)
    parts += (b',"meta":', _meta(), b"}")
    response = Response(b"".join(parts), status, headers, "application/json")
    if version is not None:
        response.headers["etag"] = f'"{version}"'
    return response


def _meta() -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return orjson.dumps({"request_id": current_request().request_id, "timestamp": f"{now}Z"})


def _dump(model: BaseModel) -> bytes:
    return model.__pydantic_serializer__.to_json(model, by_alias=True)


def _dump_all(models: Iterable[BaseModel]) -> bytes:
    return b"[" + b",".join(map(_dump, models)) + b"]"
