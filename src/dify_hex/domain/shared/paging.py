"""How lists are asked for and answered: by page where they stay short, else by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SortField:
    """One key of an order; `-created_at` on the wire is descending."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page counted from 1."""

    page: int = 1
    limit: int = DEFAULT_LIMIT
    sort: tuple[SortField, ...] = ()

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list whose total is known."""

    items: Sequence[T]
    total: int
    page: int
    limit: int

    @property
    def total_pages(self) -> int:
        """How many pages there are; 0 for an empty list."""
        return -(-self.total // self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorRequest:
    """The items that come after one already seen."""

    after: UUID | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPage(Generic[T]):
    """A stretch of a list that only grows."""

    items: Sequence[T]
    next_cursor: UUID | None

    @property
    def has_more(self) -> bool:
        """Whether asking again with `next_cursor` will bring more."""
        return self.next_cursor is not None
