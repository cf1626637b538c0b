"""Changing what a document is called, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.metadata import MetadataValue
from dify_hex.domain.shared.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDocumentCommand:
    """What to change; None leaves a thing as it is, `metadata` replaces all of it."""

    document_id: DocumentId
    name: str | None = None
    metadata: Mapping[str, MetadataValue | datetime] | None = None
    expected_version: int | None = None


class ChangeDocument:
    """Renames a document, or sets its metadata.

    - Only fields that the Knowledge declares can have a value, and only one of their type.
    - All faults of the metadata are told at once.
    """

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: ChangeDocumentCommand) -> None:
        """Change it.

        Raises:
            DocumentNotFound: there is none.
            DocumentNameInvalid: the name is blank or too long.
            MetadataInvalid: a value does not fit what is declared.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            # Its worker may change it at any moment, which is nothing to those who describe it.
            document = await work.documents.hold(command.document_id)
            document.expect_version(command.expected_version)
            knowledge = await work.knowledge.get(document.knowledge_id)
            document.describe(
                knowledge.state.metadata_fields,
                name=command.name,
                metadata=command.metadata,
                now=self._clock.now(),
                by=actor.caller_id,
            )
            await work.commit()
