"""The conversation: the session between one end user and one app."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from dify_hex.domain.conversation.errors import ConversationBusy, ConversationNameInvalid
from dify_hex.domain.conversation.events import ConversationDeleted
from dify_hex.domain.conversation.message import Message, MessageGlance, Question
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName, MessageId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.visible_text import is_hidden, visible_name

MAX_NAME_LENGTH = 200
#: How much of the first query makes the name, until somebody finds a better one.
_FIRST_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationState:
    """What a conversation remembers; `head_id` is the message that was asked last.

    `variables` are what its runs have set, as of when it was loaded: they write it themselves.
    """

    name: str
    head_id: MessageId | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    variables: JsonObject = field(default_factory=dict)


class Conversation(Aggregate):
    """A tree of messages between one end user and one app; both never change.

    Who replies while the message replied to is still being answered is told to wait: the model
    would not know what it had said.
    """

    def __init__(
        self,
        *,
        id: ConversationId,
        tenant_id: TenantId,
        app_id: AppId,
        user: EndUserName,
        state: ConversationState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.app_id = app_id
        self.user = user
        self._state = state

    @classmethod
    def start(
        cls,
        *,
        id: ConversationId,
        tenant_id: TenantId,
        app_id: AppId,
        user: EndUserName,
        query: str,
        now: datetime,
    ) -> "Conversation":
        """A new conversation, named after what is asked first."""
        conversation = cls(
            id=id,
            tenant_id=tenant_id,
            app_id=app_id,
            user=user,
            version=0,
            state=ConversationState(
                name=name_from(query), head_id=None, created_at=now, updated_at=now
            ),
        )
        conversation._changed()
        return conversation

    @property
    def state(self) -> ConversationState:
        """Everything the conversation remembers; a value, so looking changes nothing."""
        return self._state

    def ask(self, question: Question, *, reply_to: MessageGlance | None, now: datetime) -> Message:
        """A new message in reply to another, or at the beginning; it becomes the head.

        Raises:
            ConversationBusy: the message replied to is still being answered.
        """
        if reply_to is not None and not reply_to.status.is_final:
            raise ConversationBusy(message_id=str(reply_to.id))
        self._state = replace(self._state, head_id=question.message_id, updated_at=now)
        self._changed()
        return Message(
            id=question.message_id,
            tenant_id=self.tenant_id,
            app_id=self.app_id,
            conversation_id=self.id,
            parent_id=None if reply_to is None else reply_to.id,
            run_id=question.run_id,
            user=self.user,
            query=question.query,
            inputs=question.inputs,
            files=question.files,
            created_at=now,
        )

    def rename(self, name: str, *, now: datetime) -> None:
        """Give it another name.

        Raises:
            ConversationNameInvalid: the name is blank or too long.
        """
        visible = visible_name(name, most=MAX_NAME_LENGTH)
        if visible is None:
            raise ConversationNameInvalid
        self._state = replace(self._state, name=visible, updated_at=now)
        self._changed()

    def delete(self, *, now: datetime) -> None:
        """Delete it with everything said in it."""
        self._state = replace(self._state, deleted_at=now, updated_at=now)
        self._changed(
            ConversationDeleted(
                tenant_id=self.tenant_id,
                occurred_at=now,
                conversation_id=self.id,
                app_id=self.app_id,
            )
        )


def name_from(query: str) -> str:
    """The first words of a query, on one line."""
    beginning = " ".join(query[: 4 * _FIRST_NAME_LENGTH].split())
    line = "".join(each for each in beginning if not is_hidden(each))
    if len(line) <= _FIRST_NAME_LENGTH:
        return line
    return f"{line[: _FIRST_NAME_LENGTH - 1].rstrip()}…"
