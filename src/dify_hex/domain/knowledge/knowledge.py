"""The Knowledge: a set of documents that questions are answered from, and how it is searched."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dify_hex.domain.knowledge.errors import KnowledgeNameInvalid, KnowledgeSettingsInvalid
from dify_hex.domain.knowledge.events import (
    KnowledgeConfigured,
    KnowledgeCreated,
    KnowledgeDeleted,
)
from dify_hex.domain.knowledge.metadata import MetadataField, checked_fields
from dify_hex.domain.knowledge.settings import KnowledgeSettings
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import KnowledgeId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.visible_text import visible_name

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeState:
    """Everything a Knowledge remembers.

    `settings.embedding` is always the model whose vectors are in the index; `next_embedding` is
    the one that takes its place once the index is emptied for it.
    """

    name: str
    description: str
    settings: KnowledgeSettings
    next_embedding: ModelConfig | None
    metadata_fields: tuple[MetadataField, ...]
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    deleted_at: datetime | None = None


class Knowledge(Aggregate):
    """A Knowledge of a tenant; its documents are aggregates of their own.

    Its name is its own among those that are not deleted, whatever its case.
    """

    def __init__(
        self, *, id: KnowledgeId, tenant_id: TenantId, state: KnowledgeState, version: int
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self._state = state

    @classmethod
    def create(
        cls,
        *,
        id: KnowledgeId,
        tenant_id: TenantId,
        name: str,
        settings: KnowledgeSettings,
        now: datetime,
        by: UUID | None,
        description: str = "",
        metadata_fields: Iterable[MetadataField] = (),
    ) -> "Knowledge":
        """An empty Knowledge.

        Raises:
            KnowledgeNameInvalid: the name is blank or too long.
            KnowledgeSettingsInvalid: with every fault of the settings.
            MetadataInvalid: the fields cannot be declared together.
        """
        knowledge = cls(
            id=id,
            tenant_id=tenant_id,
            version=0,
            state=KnowledgeState(
                name=_checked_name(name),
                description=description,
                settings=_checked(settings),
                next_embedding=None,
                metadata_fields=checked_fields(metadata_fields),
                created_at=now,
                created_by=by,
                updated_at=now,
                updated_by=by,
            ),
        )
        knowledge._changed(KnowledgeCreated(tenant_id=tenant_id, occurred_at=now, knowledge_id=id))
        return knowledge

    @property
    def state(self) -> KnowledgeState:
        """Everything the Knowledge remembers; a value, so looking changes nothing."""
        return self._state

    def describe(
        self,
        *,
        now: datetime,
        by: UUID | None,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        """Change how it presents itself; None leaves a thing as it is.

        Raises:
            KnowledgeNameInvalid: the name is blank or too long.
        """
        state = self._state
        changed = replace(
            state,
            name=state.name if name is None else _checked_name(name),
            description=state.description if description is None else description,
        )
        if changed != state:
            self._become(changed, now=now, by=by)

    def configure(self, settings: KnowledgeSettings, *, now: datetime, by: UUID | None) -> bool:
        """Replace the settings; whether the segments have to be embedded anew.

        Another embedding model is only noted: `adopt_embedding` lets it take over.

        Raises:
            KnowledgeSettingsInvalid: with every fault of the settings.
        """
        state, wanted = self._state, _checked(settings)
        in_use = state.settings.embedding
        changed = replace(
            state,
            settings=replace(wanted, embedding=in_use),
            next_embedding=None if wanted.embedding == in_use else wanted.embedding,
        )
        if changed == state:
            return False
        event = KnowledgeConfigured(tenant_id=self.tenant_id, occurred_at=now, knowledge_id=self.id)
        self._become(changed, event, now=now, by=by)
        return changed.next_embedding not in {None, state.next_embedding}

    def adopt_embedding(self, *, now: datetime) -> bool:
        """Let the next embedding model take over; False when there is none that waits for it.

        The index has to be emptied in the same unit of work.
        """
        state = self._state
        if state.next_embedding is None:
            return False
        settings = replace(state.settings, embedding=state.next_embedding)
        changed = replace(state, settings=settings, next_embedding=None)
        self._become(changed, now=now, by=state.updated_by)
        return True

    def declare_metadata(
        self, fields: Iterable[MetadataField], *, now: datetime, by: UUID | None
    ) -> None:
        """Replace the fields that documents may have; values of others are kept, but not shown.

        Raises:
            MetadataInvalid: the fields cannot be declared together.
        """
        changed = replace(self._state, metadata_fields=checked_fields(fields))
        if changed != self._state:
            self._become(changed, now=now, by=by)

    def delete(self, *, now: datetime, by: UUID | None) -> None:
        """Delete it; its name comes free, and what it holds is removed soon after."""
        event = KnowledgeDeleted(tenant_id=self.tenant_id, occurred_at=now, knowledge_id=self.id)
        self._become(replace(self._state, deleted_at=now), event, now=now, by=by)

    def _become(
        self,
        state: KnowledgeState,
        *events: KnowledgeConfigured | KnowledgeDeleted,
        now: datetime,
        by: UUID | None,
    ) -> None:
        self._state = replace(state, updated_at=now, updated_by=by)
        self._changed(*events)


def _checked_name(text: str) -> str:
    name = visible_name(text, most=MAX_NAME_LENGTH)
    if name is None:
        raise KnowledgeNameInvalid
    return name


def _checked(settings: KnowledgeSettings) -> KnowledgeSettings:
    faults = tuple(settings.faults())
    if faults:
        raise KnowledgeSettingsInvalid(faults)
    return settings
