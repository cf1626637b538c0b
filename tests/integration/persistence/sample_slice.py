"""How a slice is stored: the row, the mapper, the repository and the reader of notes."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, Index, MetaData, event, select, text
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import (
    NOT_DELETED,
    AuditColumns,
    Base,
    SoftDelete,
    TenantRow,
    VersionColumn,
)
from dify_hex.adapters.persistence.row_level_security import tenant_table
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.notes import Note, NoteNotFound, NoteRepository

NOTE_TITLE_UNIQUE = "uq_notes_title"


class SampleBase(Base):
    """Keeps the sample's table out of the product's."""

    __abstract__ = True
    metadata = MetaData()


class NoteRow(TenantRow, AuditColumns, VersionColumn, SoftDelete, SampleBase):
    """A note as it is stored."""

    __tablename__ = "notes"
    __table_args__ = (
        Index(
            NOTE_TITLE_UNIQUE,
            "tenant_id",
            text("lower(title)"),
            unique=True,
            postgresql_where=text(NOT_DELETED),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]


def to_domain(row: NoteRow) -> Note:
    """The note of a row."""
    return Note(
        id=row.id,
        tenant_id=TenantId(row.tenant_id),
        title=row.title,
        deleted_at=row.deleted_at,
        version=row.version,
    )


def write(note: Note, row: NoteRow) -> None:
    """Copy the note to its row."""
    row.id = note.id
    row.tenant_id = note.tenant_id
    row.title = note.title
    row.deleted_at = note.deleted_at
    row.version = note.version


class SqlNoteRepository(NoteRepository):
    """Notes of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, note_id: UUID) -> Note:
        """The note of that id."""
        row = await self._scope.session.scalar(
            select(NoteRow).where(
                NoteRow.tenant_id == self._scope.tenant_id,
                NoteRow.id == note_id,
                NoteRow.deleted_at.is_(None),
            )
        )
        if row is None:
            raise NoteNotFound
        return self._scope.tracker.load(row, to_domain, write)

    def add(self, note: Note) -> None:
        """Store a new note."""
        self._scope.tracker.add(note, NoteRow(), write)

    async def remove(self, note: Note) -> None:
        """Delete the note's row."""
        await self._scope.tracker.remove(note)


class SqlNoteReader:
    """Lists notes."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def titles(self, tenant_id: TenantId) -> Sequence[str]:
        """All titles of the tenant, in order."""
        async with self._reads(tenant_id) as connection:
            result = await connection.scalars(
                select(NoteRow.title)
                .where(NoteRow.tenant_id == tenant_id, NoteRow.deleted_at.is_(None))
                .order_by(NoteRow.title)
            )
            return result.all()


class NoteWork(SqlUnitOfWork):
    """A unit of work that also knows notes."""

    @cached_property
    def notes(self) -> SqlNoteRepository:
        """The notes."""
        return SqlNoteRepository(self._scope)

    async def run(self, statement: Executable) -> None:
        """Run any statement in the transaction."""
        await self._scope.session.execute(statement)

    def on_statement(self, report: Callable[[str], None]) -> None:
        """Report every statement from now on."""

        @event.listens_for(self._connection.sync_connection, "before_cursor_execute")
        def reporting(*arguments: Any) -> None:
            report(arguments[2])


@asynccontextmanager
async def notes_table(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """The table, for as long as a test module needs it."""
    await owner.execute(
        "CREATE TABLE notes (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, title text NOT NULL,"
        " version integer NOT NULL, deleted_at timestamptz, created_by uuid, updated_by uuid,"
        " created_at timestamptz NOT NULL DEFAULT now(),"
        " updated_at timestamptz NOT NULL DEFAULT now())"
    )
    await owner.execute(
        f"CREATE UNIQUE INDEX {NOTE_TITLE_UNIQUE} ON notes (tenant_id, lower(title))"
        f" WHERE {NOT_DELETED}"
    )
    for statement in tenant_table("notes"):
        await owner.execute(statement)
    try:
        yield
    finally:
        await owner.execute("DROP TABLE notes")
