"""Conversations, messages and feedback in memory, answered by an engine in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from dify_hex.application.conversation.ports import (
    ConversationFilter,
    ConversationReader,
    MessageReader,
    SendMessageWork,
)
from dify_hex.application.conversation.read_models import (
    ConversationView,
    MessageUsage,
    MessageView,
)
from dify_hex.application.conversation.repeated_turns import RepeatedTurns
from dify_hex.application.shared.idempotency import Claim, IdempotencyInProgress, StreamClaims
from dify_hex.application.workflow.ports import NewRuns
from dify_hex.application.workflow.records import NewRun
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import (
    ConversationNotFound,
    MessageNotFound,
    ParentNotFound,
)
from dify_hex.domain.conversation.feedback import Feedback, FeedbackSubject
from dify_hex.domain.conversation.message import Message, MessageGlance, MessageStatus
from dify_hex.domain.conversation.repository import (
    ConversationRepository,
    FeedbackRepository,
    MessageOwnership,
    MessageRepository,
)
from dify_hex.domain.file.file import File
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId, WorkflowRunId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from tests.fakes.memory_app import AppShelf, MemoryAppWork
from tests.fakes.memory_file import MemoryFileRepository
from tests.fakes.memory_runs import MemoryRuns
from tests.fakes.memory_work import MemoryDatabase, MemoryTable


@dataclass(slots=True)
class MessageShelf(AppShelf):
    """The messages that were committed, and the runs that answer them."""

    messages: dict[MessageId, Message] = field(default_factory=dict)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    #: Which message each claim was settled with, and the claims that somebody else has by now.
    claims: dict[Claim, UUID] = field(default_factory=dict)
    lost_claims: set[Claim] = field(default_factory=set)

    def status_of(self, message: Message) -> MessageStatus:
        """The status that the end of the run has projected onto the message."""
        ending = self.runs.runs[message.run_id].ending
        return MessageStatus.RUNNING if ending is None else MessageStatus(ending.status.value)

    def view(self, message: Message) -> MessageView:
        """The message as a reader sees it."""
        ending = self.runs.runs[message.run_id].ending
        return MessageView(
            id=message.id,
            app_id=message.app_id,
            conversation_id=message.conversation_id,
            parent_id=message.parent_id,
            run_id=message.run_id,
            user=message.user,
            query=message.query,
            inputs=message.inputs,
            files=message.files,
            status=self.status_of(message),
            answer="" if ending is None else ending.answer or "",
            usage=MessageUsage(prompt_tokens=0, completion_tokens=0, first_token_ms=None),
            error=None,
            feedback=None,
            created_at=message.created_at,
            finished_at=None if ending is None else ending.at,
        )


class MemoryConversationRepository(ConversationRepository):
    """Conversations of one tenant."""

    def __init__(self, table: MemoryTable[Conversation], messages: MessageRepository) -> None:
        self._table = table
        self._messages = messages

    async def get(self, conversation_id: ConversationId) -> Conversation:
        conversation = self._table.find(conversation_id)
        if conversation is None or conversation.state.deleted_at is not None:
            raise ConversationNotFound
        return conversation

    async def open(self, conversation: Conversation, message: Message) -> None:
        self._table.add(conversation.id, conversation)
        await self._messages.add(message)


class MemoryMessageRepository(MessageRepository):
    """Messages of one tenant."""

    def __init__(self, tenant_id: TenantId, shelf: MessageShelf) -> None:
        self._tenant_id = tenant_id
        self._shelf = shelf
        self.added: list[Message] = []

    async def glance(self, conversation_id: ConversationId, message_id: MessageId) -> MessageGlance:
        message = self._shelf.messages.get(message_id)
        if message is None or message.conversation_id != conversation_id:
            raise ParentNotFound
        return MessageGlance(id=message_id, status=self._shelf.status_of(message))

    async def ownership(self, message_id: MessageId) -> MessageOwnership:
        message = self._shelf.messages.get(message_id)
        if message is None or message.tenant_id != self._tenant_id:
            raise MessageNotFound
        subject = FeedbackSubject(message_id=message_id, app_id=message.app_id, user=message.user)
        return MessageOwnership(subject=subject, run_id=message.run_id)

    async def count(self, conversation_id: ConversationId) -> int:
        return sum(
            message.conversation_id == conversation_id for message in self._shelf.messages.values()
        )

    async def runs_under_way(self, conversation_id: ConversationId) -> Sequence[WorkflowRunId]:
        return [
            message.run_id
            for message in self._shelf.messages.values()
            if (message.tenant_id, message.conversation_id) == (self._tenant_id, conversation_id)
            and not self._shelf.status_of(message).is_final
        ]

    async def add(self, message: Message) -> None:
        self.added.append(message)


class MemoryFeedbackRepository(FeedbackRepository):
    """Feedback of one tenant's end users."""

    def __init__(self, table: MemoryTable[Feedback]) -> None:
        self._table = table

    async def find(self, message_id: MessageId) -> Feedback | None:
        return self._table.first(lambda given: given.subject.message_id == message_id)

    def add(self, feedback: Feedback) -> None:
        self._table.add(feedback.id, feedback)

    async def remove(self, feedback: Feedback) -> None:
        self._table.remove(feedback.id)


class MemoryNewRuns(NewRuns):
    """Runs that are born with the transaction."""

    def __init__(self) -> None:
        self.added: list[NewRun] = []

    async def add(self, run: NewRun) -> None:
        self.added.append(run)


class MemoryStreamClaims(StreamClaims):
    """Claims that are settled with the transaction."""

    def __init__(self, shelf: MessageShelf) -> None:
        self._shelf = shelf
        self.settled: dict[Claim, UUID] = {}

    async def settle(self, claim: Claim, stream_of: UUID) -> None:
        if claim in self._shelf.lost_claims:
            raise IdempotencyInProgress
        self.settled[claim] = stream_of


class MemoryConversationWork(MemoryAppWork, SendMessageWork):
    """One transaction in which messages are sent."""

    def __init__(self, database: MemoryDatabase, tenant_id: TenantId, shelf: MessageShelf) -> None:
        super().__init__(database, tenant_id, shelf)
        self._messages = shelf

    @cached_property
    def conversations(self) -> MemoryConversationRepository:
        return MemoryConversationRepository(self.table(Conversation), self.messages)

    @cached_property
    def messages(self) -> MemoryMessageRepository:
        return MemoryMessageRepository(self.tenant_id, self._messages)

    @property
    def message_turns(self) -> RepeatedTurns:
        return RepeatedTurns(self)

    @cached_property
    def stream_claims(self) -> MemoryStreamClaims:
        return MemoryStreamClaims(self._messages)

    @cached_property
    def files(self) -> MemoryFileRepository:
        return MemoryFileRepository(self.table(File))

    @cached_property
    def feedback(self) -> MemoryFeedbackRepository:
        return MemoryFeedbackRepository(self.table(Feedback))

    @cached_property
    def workflow_runs(self) -> MemoryNewRuns:
        return MemoryNewRuns()

    async def commit(self) -> None:
        await super().commit()
        self._messages.claims |= self.stream_claims.settled
        for message in self.messages.added:
            self._messages.messages[message.id] = message
        for run in self.workflow_runs.added:
            graph = self._messages.graphs[self.tenant_id, run.facts.graph_hash]
            self._messages.runs.birth(run, graph)


class MemoryMessageReader(MessageReader):
    """Looks at the messages on a shelf."""

    def __init__(self, shelf: MessageShelf) -> None:
        self._shelf = shelf

    async def list_messages(
        self, tenant_id: TenantId, conversation_id: ConversationId, cursor: CursorRequest
    ) -> CursorPage[MessageView]:
        found = [
            self._shelf.view(message)
            for message in self._shelf.messages.values()
            if (message.tenant_id, message.conversation_id) == (tenant_id, conversation_id)
        ]
        return CursorPage(items=found[::-1][: cursor.limit], next_cursor=None)

    async def get_message(self, tenant_id: TenantId, message_id: MessageId) -> MessageView:
        message = self._shelf.messages.get(message_id)
        if message is None or message.tenant_id != tenant_id:
            raise MessageNotFound
        return self._shelf.view(message)


class MemoryConversationReader(ConversationReader):
    """Looks at the committed conversations of a database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def list_conversations(
        self, tenant_id: TenantId, wanted: ConversationFilter, cursor: CursorRequest
    ) -> CursorPage[ConversationView]:
        found = [
            ConversationView.of(conversation)
            for conversation in self._database.all(Conversation)
            if (conversation.tenant_id, conversation.app_id) == (tenant_id, wanted.app_id)
        ]
        return CursorPage(items=found[: cursor.limit], next_cursor=None)

    async def get_conversation(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> ConversationView:
        for conversation in self._database.all(Conversation):
            if (conversation.tenant_id, conversation.id) == (tenant_id, conversation_id):
                return ConversationView.of(conversation)
        raise ConversationNotFound
