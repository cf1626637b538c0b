"""What the conversation slice needs of the outside."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.app.runnable_apps import RunnableAppWork
from dify_hex.application.conversation.read_models import ConversationView, MessageView
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.idempotency import StreamClaims
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.application.workflow.start_run import StartRunWork
from dify_hex.domain.conversation.repository import (
    ConversationRepository,
    FeedbackRepository,
    MessageRepository,
)
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName, MessageId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest


class ConversationWork(UnitOfWork, Protocol):
    """A transaction over conversations, messages and feedback."""

    @property
    @abstractmethod
    def conversations(self) -> ConversationRepository:
        """The tenant's conversations."""

    @property
    @abstractmethod
    def messages(self) -> MessageRepository:
        """What was said in them."""

    @property
    @abstractmethod
    def feedback(self) -> FeedbackRepository:
        """What end users think of the answers."""


class SendMessageWork(ConversationWork, FileWork, RunnableAppWork, StartRunWork, Protocol):
    """A transaction in which a message is born together with the run that answers it."""

    @property
    @abstractmethod
    def stream_claims(self) -> StreamClaims:
        """Claims on the keys of requests that are answered with a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """Whose conversations with which app to list; a `user` of None means everybody's."""

    app_id: AppId
    user: EndUserName | None = None


class ConversationReader(Protocol):
    """Looks at conversations without loading them; deleted ones are not there any more."""

    @abstractmethod
    async def list_conversations(
        self, tenant_id: TenantId, wanted: ConversationFilter, cursor: CursorRequest
    ) -> CursorPage[ConversationView]:
        """Conversations, the latest active first."""

    @abstractmethod
    async def get_conversation(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> ConversationView:
        """One conversation.

        Raises:
            ConversationNotFound: there is none, or it was deleted.
        """


class MessageReader(Protocol):
    """Looks at messages; those of deleted conversations are not there any more."""

    @abstractmethod
    async def list_messages(
        self, tenant_id: TenantId, conversation_id: ConversationId, cursor: CursorRequest
    ) -> CursorPage[MessageView]:
        """The messages of a conversation, the latest first."""

    @abstractmethod
    async def get_message(self, tenant_id: TenantId, message_id: MessageId) -> MessageView:
        """One message.

        Raises:
            MessageNotFound: there is none, or its conversation was deleted.
        """
