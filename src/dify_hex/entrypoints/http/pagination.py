"""`page`, `limit`, `sort` and `after`: how lists are asked for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from dify_hex.domain.shared.paging import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    CursorRequest,
    PageRequest,
    SortField,
)
from dify_hex.entrypoints.http.problems import UnknownSortField

#: Beyond this a page number times the limit would leave the range of the database's integers.
MAX_PAGE = 1_000_000
_MAX_SORT_LENGTH = 200

_PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Counted from 1.")]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items per page.")]


class PageParameters:
    """The dependency behind `Paging`."""

    def __init__(self, sortable: tuple[str, ...], default: str) -> None:
        self._sortable = sortable
        self._default = parse_sort(default, sortable)

    async def __call__(
        self,
        page: _PageNumber = 1,
        limit: _Limit = DEFAULT_LIMIT,
        sort: Annotated[
            str | None,
            Query(
                max_length=_MAX_SORT_LENGTH,
                description="Fields separated by commas; a minus sign before one descends.",
                examples=["-created_at"],
            ),
        ] = None,
    ) -> PageRequest:
        order = self._default if sort is None else parse_sort(sort, self._sortable)
        return PageRequest(page=page, limit=limit, sort=order)


def Paging(*, sortable: tuple[str, ...], default: str) -> object:  # noqa: N802 - a marker
    """Mark a parameter of type PageRequest; `default` is an order such as `-created_at`."""
    return Depends(PageParameters(sortable, default))


def parse_sort(text: str, sortable: tuple[str, ...]) -> tuple[SortField, ...]:
    """`-created_at,name` as fields, each at most once.

    Raises:
        UnknownSortField: a field is not among `sortable`, or comes twice.
    """
    fields: list[SortField] = []
    for part in text.split(","):
        name = part.strip()
        field = SortField(name=name.removeprefix("-"), descending=name.startswith("-"))
        if field.name not in sortable or any(field.name == known.name for known in fields):
            raise UnknownSortField(field=field.name, sortable=list(sortable))
        fields.append(field)
    return tuple(fields)


async def _cursor(
    after: Annotated[
        UUID | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
    limit: _Limit = DEFAULT_LIMIT,
) -> CursorRequest:
    return CursorRequest(after=after, limit=limit)


#: Ask for a stretch of a list that only grows.
CursorQuery = Annotated[CursorRequest, Depends(_cursor)]
