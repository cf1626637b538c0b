"""Changing what a Knowledge is called, and how it works."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dify_hex.application.knowledge.job_requests import reembed_knowledge
from dify_hex.application.knowledge.model_choices import ModelChoices, WrongChoice
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import KnowledgeSettingsInvalid
from dify_hex.domain.knowledge.knowledge import KnowledgeState
from dify_hex.domain.knowledge.metadata import MetadataField
from dify_hex.domain.knowledge.settings import KnowledgeSettings, SegmentationSettings
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKnowledgeCommand:
    """What to change of which Knowledge; None leaves a thing as it is.

    `expected_version` None changes whatever it is now.
    """

    knowledge_id: KnowledgeId
    name: str | None = None
    description: str | None = None
    segmentation: SegmentationSettings | None = None
    embedding: ModelConfig | None = None
    retrieval: RetrievalSettings | None = None
    metadata_fields: Sequence[MetadataField] | None = None
    expected_version: int | None = None

    def applied_to(
        self, settings: KnowledgeSettings, next_embedding: ModelConfig | None
    ) -> KnowledgeSettings:
        """The settings as they are to be; a model that is on its way stays so."""
        return replace(
            settings,
            embedding=self.embedding or next_embedding or settings.embedding,
            segmentation=self.segmentation or settings.segmentation,
            retrieval=self.retrieval or settings.retrieval,
        )


class ChangeKnowledge:
    """Renames and configures a Knowledge.

    - A name is used once among the tenant's Knowledge that is not deleted, whatever its case.
    - A new segmentation holds for what is indexed from now on; documents are not cut anew by it.
    - Another embedding model takes over in the background: the index is emptied at once, and every
      segment is embedded again.
    - Who asks again for the model that is on its way has it brought again: twice does no harm, and
      whoever should have brought it may have failed.
    - A model that is newly chosen exists and is of the type that is needed; what was chosen before
      may be sent again.
    - Metadata of documents whose field is no longer declared stay with them.
    """

    def __init__(
        self, *, begin: BeginWork[KnowledgeWork], clock: Clock, models: ModelChoices
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._models = models

    async def execute(self, actor: Actor, command: ChangeKnowledgeCommand) -> None:
        """Change it.

        Raises:
            KnowledgeNotFound: there is none.
            KnowledgeNameTaken: another one has the name.
            KnowledgeNameInvalid: the name is blank or too long.
            KnowledgeSettingsInvalid: the settings have faults.
            MetadataInvalid: the fields cannot be declared together.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        now, by = self._clock.now(), actor.caller_id
        wrong = await self._models.wrong(actor.tenant_id, command.embedding, command.retrieval)
        async with self._begin(actor.tenant_id) as work:
            knowledge = await work.knowledge.get(command.knowledge_id)
            knowledge.expect_version(command.expected_version)
            knowledge.describe(name=command.name, description=command.description, now=now, by=by)
            if command.metadata_fields is not None:
                knowledge.declare_metadata(command.metadata_fields, now=now, by=by)
            state = knowledge.state
            settings = command.applied_to(state.settings, state.next_embedding)
            faults = _new_faults(wrong, state)
            if faults:
                raise KnowledgeSettingsInvalid([*settings.faults(), *faults])
            is_new = knowledge.configure(settings, now=now, by=by)
            if is_new or _is_on_its_way(command.embedding, state):
                await work.jobs.enqueue(reembed_knowledge(knowledge.id, by=by), now=now)
            await work.commit()


def _is_on_its_way(wanted: ModelConfig | None, state: KnowledgeState) -> bool:
    return wanted is not None and wanted == state.next_embedding


def _new_faults(wrong: Sequence[WrongChoice], state: KnowledgeState) -> list[Fault]:
    chosen = {
        (ModelType.EMBEDDING, state.settings.embedding),
        (ModelType.EMBEDDING, state.next_embedding),
        (ModelType.RERANK, state.settings.retrieval.rerank),
    }
    return [each.fault for each in wrong if (each.type, each.model) not in chosen]
