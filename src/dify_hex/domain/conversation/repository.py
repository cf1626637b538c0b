"""Where conversations, messages and feedback are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.feedback import Feedback, FeedbackSubject
from dify_hex.domain.conversation.message import Message, MessageGlance
from dify_hex.domain.shared.ids import ConversationId, MessageId, WorkflowRunId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOwnership:
    """Whose message it is, and which run answers it."""

    subject: FeedbackSubject
    run_id: WorkflowRunId


class ConversationRepository(Protocol):
    """The conversations of one tenant; a deleted one is not there any more."""

    @abstractmethod
    async def get(self, conversation_id: ConversationId) -> Conversation:
        """The conversation.

        Raises:
            ConversationNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def open(self, conversation: Conversation, message: Message) -> None:
        """Keep a new conversation together with its first message."""


class MessageRepository(Protocol):
    """The messages of one tenant; those of deleted conversations are not there any more."""

    @abstractmethod
    async def glance(self, conversation_id: ConversationId, message_id: MessageId) -> MessageGlance:
        """Where a message of the conversation stands.

        Raises:
            ParentNotFound: the conversation has no such message.
        """

    @abstractmethod
    async def ownership(self, message_id: MessageId) -> MessageOwnership:
        """Whose message it is.

        Raises:
            MessageNotFound: there is none, or its conversation was deleted.
        """

    @abstractmethod
    async def count(self, conversation_id: ConversationId) -> int:
        """How many messages the conversation has."""

    @abstractmethod
    async def runs_under_way(self, conversation_id: ConversationId) -> Sequence[WorkflowRunId]:
        """The runs whose answers in the conversation have not ended."""

    @abstractmethod
    async def add(self, message: Message) -> None:
        """Keep a new message."""


class FeedbackRepository(Protocol):
    """The feedback of one tenant's end users."""

    @abstractmethod
    async def find(self, message_id: MessageId) -> Feedback | None:
        """What the message's end user thinks of its answer, if they have said so."""

    @abstractmethod
    def add(self, feedback: Feedback) -> None:
        """Keep new feedback."""

    @abstractmethod
    async def remove(self, feedback: Feedback) -> None:
        """Let go of feedback that was withdrawn."""
