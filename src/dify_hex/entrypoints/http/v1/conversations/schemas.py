"""Conversations on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.conversation.read_models import ConversationView
from dify_hex.application.conversation.rename_conversation import RenameConversationCommand
from dify_hex.domain.shared.ids import ConversationId, EndUserName
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.messages.schemas import UserText


class RenameConversationRequest(Schema):
    """The new name, and whose conversation it has to be."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = (
        Field(examples=["My order"])
    )
    user: UserText | None = None

    def to_command(
        self, conversation_id: UUID, expected_version: int | None
    ) -> RenameConversationCommand:
        """Which conversation gets which name."""
        return RenameConversationCommand(
            conversation_id=ConversationId(conversation_id),
            name=self.name,
            user=None if self.user is None else EndUserName(self.user),
            expected_version=expected_version,
        )


class ConversationResponse(Schema):
    """A conversation; `head_id` is the message that was asked last."""

    id: UUID
    app_id: UUID
    user: str
    name: str
    head_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: ConversationView) -> Self:
        """The wire form."""
        return cls(
            id=conversation.id,
            app_id=conversation.app_id,
            user=conversation.user,
            name=conversation.name,
            head_id=conversation.head_id,
            version=conversation.version,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
        )
