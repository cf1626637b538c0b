"""Making a new Knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.knowledge.model_choices import ModelChoices
from dify_hex.application.knowledge.read_models import KnowledgeView
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import KnowledgeSettingsInvalid
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField
from dify_hex.domain.knowledge.settings import KnowledgeSettings, SegmentationSettings
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKnowledgeCommand:
    """A name; what is left out of the settings begins with what works."""

    name: str
    description: str = ""
    segmentation: SegmentationSettings | None = None
    embedding: ModelConfig | None = None
    retrieval: RetrievalSettings | None = None
    metadata_fields: Sequence[MetadataField] = ()


class CreateKnowledge:
    """Makes a Knowledge without documents.

    - A name is used once among the tenant's Knowledge that is not deleted, whatever its case.
    - Without an embedding model it takes the installation's own.
    - A model that is chosen exists and is of the type that is needed.
    - All faults of the settings are told at once.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        clock: Clock,
        models: ModelChoices,
        default_embedding: ModelConfig,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._models = models
        self._default_embedding = default_embedding

    async def execute(self, actor: Actor, command: CreateKnowledgeCommand) -> KnowledgeView:
        """Make it.

        Raises:
            KnowledgeNameTaken: another one has the name.
            KnowledgeNameInvalid: the name is blank or too long.
            KnowledgeSettingsInvalid: the settings have faults.
            MetadataInvalid: the fields cannot be declared together.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        settings = KnowledgeSettings(
            embedding=command.embedding or self._default_embedding,
            segmentation=command.segmentation or SegmentationSettings(),
            retrieval=command.retrieval or RetrievalSettings(),
        )
        wrong = await self._models.wrong(actor.tenant_id, command.embedding, command.retrieval)
        if wrong:
            raise KnowledgeSettingsInvalid([*settings.faults(), *(each.fault for each in wrong)])
        knowledge = Knowledge.create(
            id=KnowledgeId(new_id()),
            tenant_id=actor.tenant_id,
            name=command.name,
            description=command.description,
            settings=settings,
            metadata_fields=command.metadata_fields,
            now=self._clock.now(),
            by=actor.caller_id,
        )
        async with self._begin(actor.tenant_id) as work:
            work.knowledge.add(knowledge)
            await work.commit()
        return KnowledgeView.of(knowledge)
