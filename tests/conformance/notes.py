"""A small aggregate to try units of work with: a note whose title is unique in its tenant."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol
from uuid import UUID

from dify_hex.application.shared.outbox import ConsumingWork
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.errors import Conflict, NotFound
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import TenantId

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRetitled(DomainEvent):
    """A note has another title."""

    name: ClassVar[str] = "note.retitled"

    note_id: UUID
    title: str


class NoteTitleExists(Conflict):
    """A note of this title exists already."""

    code = "note_title_exists"


class Note(Aggregate):
    """A title that is unique in its tenant."""

    def __init__(
        self,
        *,
        id: UUID,
        tenant_id: TenantId,
        title: str,
        deleted_at: datetime | None,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self._title = title
        self._deleted_at = deleted_at

    @classmethod
    def create(cls, *, id: UUID, tenant_id: TenantId, title: str) -> "Note":
        """A new note; its birth raises no event."""
        note = cls(id=id, tenant_id=tenant_id, title=title, deleted_at=None, version=0)
        note._changed()
        return note

    @property
    def title(self) -> str:
        """What it is called."""
        return self._title

    @property
    def deleted_at(self) -> datetime | None:
        """When it was deleted."""
        return self._deleted_at

    def retitle(self, title: str) -> None:
        """Call it something else."""
        self._title = title
        self._changed(
            NoteRetitled(tenant_id=self.tenant_id, occurred_at=NOW, note_id=self.id, title=title)
        )

    def delete(self, now: datetime) -> None:
        """Give the title free."""
        self._deleted_at = now
        self._changed()


class NoteNotFound(NotFound):
    """There is no such note."""

    code = "note_not_found"


class NoteRepository(Protocol):
    """Notes of one tenant."""

    @abstractmethod
    async def get(self, note_id: UUID) -> Note:
        """The note of that id, unless it was deleted."""

    @abstractmethod
    def add(self, note: Note) -> None:
        """Store a new note."""

    @abstractmethod
    async def remove(self, note: Note) -> None:
        """Forget the note altogether."""


class NotesWork(ConsumingWork, Protocol):
    """A unit of work that knows notes."""

    @property
    def notes(self) -> NoteRepository:
        """The notes."""
