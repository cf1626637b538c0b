"""The document: one source in a Knowledge, and its way into the index."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dify_hex.domain.knowledge.errors import (
    DocumentInProgress,
    DocumentNameInvalid,
    DocumentNotFailed,
    DocumentNotInProgress,
    DocumentNotPaused,
)
from dify_hex.domain.knowledge.events import (
    DocumentAdded,
    DocumentDeleted,
    DocumentIndexed,
    DocumentIndexingFailed,
)
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
    IndexingFailure,
    IndexingProgress,
    IndexingStage,
)
from dify_hex.domain.knowledge.metadata import (
    Metadata,
    MetadataField,
    MetadataValue,
    checked_values,
)
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.visible_text import visible_name

MAX_NAME_LENGTH = 255


class DocumentOrigin(StrEnum):
    """How a document came in: with its own upload, as bare text, or as a file that was there."""

    UPLOAD = "upload"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentContent:
    """The file that holds a document; `size` is in bytes, `sha256` in hexadecimal."""

    file_id: FileId
    origin: DocumentOrigin
    media_type: str
    size: int
    sha256: str

    @property
    def owns_file(self) -> bool:
        """Whether the file is there for the document alone, and goes with it."""
        return self.origin is not DocumentOrigin.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentState:
    """Everything a document remembers.

    `round` counts how often a worker has begun with it: whoever works in an older round has been
    replaced. `progress` is what that worker reports beside the aggregate's own changes.
    """

    name: str
    content: DocumentContent
    #: Whether it may hold what another document of the Knowledge holds already.
    is_duplicate: bool
    status: DocumentStatus
    progress: IndexingProgress
    round: int
    task_id: TaskId | None
    failure: IndexingFailure | None
    is_enabled: bool
    metadata: Metadata = field(default_factory=dict)
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    indexed_at: datetime | None = None
    deleted_at: datetime | None = None


class Document(Aggregate):
    """A document of a Knowledge; its segments are kept beside it, and never loaded into it.

    Its verbs are of two kinds: what its owners want, and what the worker says that indexes it.
    """

    def __init__(
        self,
        *,
        id: DocumentId,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        state: DocumentState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.knowledge_id = knowledge_id
        self._state = state

    @classmethod
    def add(
        cls,
        *,
        id: DocumentId,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        name: str,
        content: DocumentContent,
        is_duplicate: bool,
        task_id: TaskId,
        now: datetime,
        by: UUID | None,
    ) -> "Document":
        """A document that waits to be indexed.

        Raises:
            DocumentNameInvalid: the name is blank or too long.
        """
        document = cls(
            id=id,
            tenant_id=tenant_id,
            knowledge_id=knowledge_id,
            version=0,
            state=DocumentState(
                name=_checked_name(name),
                content=content,
                is_duplicate=is_duplicate,
                status=DocumentStatus.PENDING,
                progress=IndexingProgress(),
                round=0,
                task_id=task_id,
                failure=None,
                is_enabled=True,
                created_at=now,
                created_by=by,
                updated_at=now,
                updated_by=by,
            ),
        )
        document._changed(
            DocumentAdded(
                tenant_id=tenant_id, occurred_at=now, knowledge_id=knowledge_id, document_id=id
            )
        )
        return document

    @property
    def state(self) -> DocumentState:
        """Everything the document remembers; a value, so looking changes nothing."""
        return self._state

    def begin(self, *, now: datetime) -> bool:
        """A worker takes it on, in place of any other; False when there is nothing to be done."""
        if not self._state.status.is_in_progress and self._state.failure is None:
            return False
        self._become(
            replace(
                self._state,
                status=DocumentStatus.PROCESSING,
                round=self._state.round + 1,
                failure=None,
            ),
            now=now,
        )
        return True

    def complete(self, *, now: datetime) -> None:
        """All of it can be found.

        Raises:
            DocumentNotInProgress: nobody is working on it.
        """
        self._require_progress()
        progress = replace(self._state.progress, percent=100.0)
        event = DocumentIndexed(
            tenant_id=self.tenant_id,
            occurred_at=now,
            knowledge_id=self.knowledge_id,
            document_id=self.id,
            segments=progress.segments,
        )
        done = replace(
            self._state, status=DocumentStatus.COMPLETED, progress=progress, indexed_at=now
        )
        self._become(done, event, now=now)

    def fail(self, failure: IndexingFailure, *, now: datetime) -> None:
        """It cannot be indexed as it is; what can be found of it already stays.

        Raises:
            DocumentNotInProgress: nobody is working on it.
        """
        self._require_progress()
        event = DocumentIndexingFailed(
            tenant_id=self.tenant_id,
            occurred_at=now,
            knowledge_id=self.knowledge_id,
            document_id=self.id,
            error_code=failure.code,
        )
        failed = replace(self._state, status=DocumentStatus.FAILED, failure=failure)
        self._become(failed, event, now=now)

    def pause(self, *, now: datetime) -> None:
        """Stop between two batches, to go on there later; twice is once.

        Raises:
            DocumentNotInProgress: it is not being indexed.
        """
        if self._state.status is not DocumentStatus.PAUSED:
            self._require_progress()
            self._become(replace(self._state, status=DocumentStatus.PAUSED), now=now)

    def resume(self, task_id: TaskId, *, now: datetime) -> None:
        """Go on where it was paused.

        Raises:
            DocumentNotPaused: it is not paused.
        """
        if self._state.status is not DocumentStatus.PAUSED:
            raise DocumentNotPaused(status=self._state.status.value)
        self._wait(task_id, self._state.progress, now=now)

    def cancel(self, *, now: datetime) -> None:
        """Give it up; what can be found of it already stays. Twice is once.

        Raises:
            DocumentNotInProgress: it is not being indexed.
        """
        status = self._state.status
        if status is DocumentStatus.CANCELLED:
            return
        if status is not DocumentStatus.PAUSED:
            self._require_progress()
        self._become(replace(self._state, status=DocumentStatus.CANCELLED), now=now)

    def retry(self, task_id: TaskId, *, now: datetime) -> None:
        """Try again, from the stage that has failed on.

        Raises:
            DocumentNotFailed: it has neither failed nor been cancelled.
        """
        if self._state.status not in {DocumentStatus.FAILED, DocumentStatus.CANCELLED}:
            raise DocumentNotFailed(status=self._state.status.value)
        self._wait(task_id, self._state.progress, now=now)

    def reindex(self, task_id: TaskId, *, now: datetime) -> None:
        """Read and cut it anew, with the settings of today; unchanged segments stay as they are.

        Raises:
            DocumentInProgress: it is being indexed, or paused in the middle of that.
        """
        self._require_rest()
        self._wait(task_id, IndexingProgress(), now=now)

    def reembed(self, task_id: TaskId, *, now: datetime) -> None:
        """Put its segments into an index that was emptied, whatever became of it before.

        What was left half cut is cut to its end first, or half of it would pass for all.

        Raises:
            DocumentInProgress: it is being indexed, or paused in the middle of that.
        """
        self._require_rest()
        progress = self._state.progress
        if progress.stage is not IndexingStage.SEGMENT:
            progress = replace(progress, stage=IndexingStage.EMBED)
        self._wait(task_id, replace(progress, percent=0.0, indexed=0), now=now)

    def set_enabled(self, wanted: bool, *, now: datetime, by: UUID | None) -> None:
        """Whether searches may find it; twice is once."""
        if wanted is not self._state.is_enabled:
            self._become(replace(self._state, is_enabled=wanted, updated_by=by), now=now)

    def describe(
        self,
        fields: Iterable[MetadataField],
        *,
        now: datetime,
        by: UUID | None,
        name: str | None = None,
        metadata: Mapping[str, MetadataValue | datetime] | None = None,
    ) -> None:
        """Change its name, or all of its metadata at once; None leaves a thing as it is.

        Raises:
            DocumentNameInvalid: the name is blank or too long.
            MetadataInvalid: a field is not among those declared, or a value of another type.
        """
        state = self._state
        changed = replace(
            state,
            name=state.name if name is None else _checked_name(name),
            metadata=state.metadata if metadata is None else checked_values(fields, metadata),
        )
        if changed != state:
            self._become(replace(changed, updated_by=by), now=now)

    def delete(self, *, now: datetime) -> None:
        """Delete it: nobody finds it any more, and what is left is removed soon after."""
        event = DocumentDeleted(
            tenant_id=self.tenant_id,
            occurred_at=now,
            knowledge_id=self.knowledge_id,
            document_id=self.id,
        )
        self._become(replace(self._state, deleted_at=now), event, now=now)

    def _wait(self, task_id: TaskId, progress: IndexingProgress, *, now: datetime) -> None:
        waiting = replace(
            self._state,
            status=DocumentStatus.PENDING,
            progress=progress,
            task_id=task_id,
            failure=None,
        )
        self._become(waiting, now=now)

    def _require_progress(self) -> None:
        if not self._state.status.is_in_progress:
            raise DocumentNotInProgress(status=self._state.status.value)

    def _require_rest(self) -> None:
        status = self._state.status
        if status.is_in_progress or status is DocumentStatus.PAUSED:
            raise DocumentInProgress(status=status.value)

    def _become(self, state: DocumentState, *events: DomainEvent, now: datetime) -> None:
        self._state = replace(state, updated_at=now)
        self._changed(*events)


def _checked_name(text: str) -> str:
    if (name := visible_name(text, most=MAX_NAME_LENGTH)) is None:
        raise DocumentNameInvalid
    return name
