"""Messages on the wire."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.app.runnable_apps import VersionChoice
from dify_hex.application.conversation.give_feedback import GiveFeedbackCommand
from dify_hex.application.conversation.message_files import MAX_FILES
from dify_hex.application.conversation.read_models import MessageView
from dify_hex.application.conversation.send_message import (
    SendMessageCommand,
    SentMessage,
)
from dify_hex.application.file.given_files import MAX_URL_LENGTH
from dify_hex.application.shared.idempotency import Claim
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.app.limits import MAX_QUERY_LENGTH
from dify_hex.domain.conversation.feedback import FeedbackRating, Opinion
from dify_hex.domain.conversation.message import MessageStatus
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName, MessageId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.file_reference import (
    FileKind,
    FileReference,
    TransferMethod,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.prompt_template import MAX_VARIABLES
from dify_hex.entrypoints.http.envelope import Schema

UserText = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"\S"), Field(examples=["ann"])
]
_InputName = Annotated[str, StringConstraints(max_length=200)]


class GivenFile(Schema):
    """A file that was handed in before, or one at an address."""

    transfer_method: TransferMethod = TransferMethod.LOCAL_FILE
    type: FileKind | None = Field(None, description="What it is good for; found out if left out.")
    upload_file_id: UUID | None = Field(None, description="As POST /v1/files has answered.")
    url: Annotated[str, StringConstraints(max_length=MAX_URL_LENGTH)] | None = Field(
        None, description="With http or https; for `remote_url`."
    )

    def as_given(self) -> JsonObject:
        """What the caller named it by."""
        return self.model_dump(mode="json", exclude_none=True)


class SendMessageRequest(Schema):
    """What an end user says to an app, and how the answer is wanted."""

    query: Annotated[str, StringConstraints(max_length=MAX_QUERY_LENGTH)] = Field(
        "", description="Empty for a completion app.", examples=["How are you?"]
    )
    inputs: dict[_InputName, JsonValue] = Field({}, max_length=MAX_VARIABLES)
    user: UserText = Field(
        description="Your name for the end user; their conversations hang on it."
    )
    files: Annotated[Sequence[GivenFile], Field(max_length=MAX_FILES)] = Field(
        (), description="What the end user shows the app along with the query."
    )
    conversation_id: UUID | None = Field(None, description="Without one a conversation begins.")
    parent_id: UUID | None = Field(
        None,
        description="The message replied to; the last one when left out, none when null: "
        "then another branch begins.",
    )
    response: Delivery = Field(
        Delivery.BLOCKING, description="A stream of events, the whole answer, or 202 at once."
    )
    resume_window: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] | None = Field(
        None,
        description="Seconds that a stream's run goes on without a reader; "
        "20 unless the operator has set another default.",
        examples=[20],
    )
    version: VersionChoice = Field(
        VersionChoice.PUBLISHED, description="Talking to the draft needs app:write."
    )

    def to_command(self, app_id: UUID, claim: Claim | None) -> SendMessageCommand:
        """What is said to which app."""
        conversation_id, window = self.conversation_id, self.resume_window
        return SendMessageCommand(
            app_id=AppId(app_id),
            user=EndUserName(self.user),
            query=self.query,
            inputs=self.inputs,
            files=[file.as_given() for file in self.files],
            response=self.response,
            conversation_id=None if conversation_id is None else ConversationId(conversation_id),
            parent_id=None if self.parent_id is None else MessageId(self.parent_id),
            from_beginning="parent_id" in self.model_fields_set and self.parent_id is None,
            resume_window=None if window is None else timedelta(seconds=window),
            version=self.version,
            claim=claim if self.response is Delivery.STREAM else None,
        )


class StopMessageRequest(Schema):
    """Whose message it has to be."""

    user: UserText | None = None


class FeedbackRequest(Schema):
    """What the end user thinks of the answer; a rating of null takes it back."""

    rating: FeedbackRating | None
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""
    user: UserText | None = None

    def to_command(self, message_id: UUID) -> GiveFeedbackCommand:
        """What is thought of which message."""
        opinion = None if self.rating is None else Opinion(rating=self.rating, reason=self.reason)
        return GiveFeedbackCommand(
            message_id=MessageId(message_id),
            opinion=opinion,
            user=None if self.user is None else EndUserName(self.user),
        )


class UsageResponse(Schema):
    """Tokens, and how long the first one took, in milliseconds."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    first_token_ms: int | None


class MessageErrorResponse(Schema):
    """Why there is no answer, or only a part of one."""

    code: str
    message: str


class FeedbackResponse(Schema):
    """What the end user thinks of the answer."""

    rating: FeedbackRating
    reason: str


class MessageFileResponse(Schema):
    """A file that came with a message; a deleted one is still named."""

    type: FileKind
    transfer_method: TransferMethod
    name: str
    extension: str = Field(description="With its dot.", examples=[".png"])
    media_type: str
    size: int | None = Field(description="In bytes; not known of a file at an address.")
    upload_file_id: UUID | None
    url: str | None

    @classmethod
    def of(cls, file: FileReference) -> Self:
        """The wire form."""
        return cls(
            type=file.type,
            transfer_method=file.transfer_method,
            name=file.name,
            extension=file.extension,
            media_type=file.mime_type,
            size=file.size,
            upload_file_id=file.id,
            url=file.url,
        )


class CitationResponse(Schema):
    """A passage that the answer's model was shown, and where it is from."""

    position: int = Field(description="In the order in which the model was shown them, from 1.")
    knowledge_id: UUID
    knowledge_name: str
    document_id: UUID
    document_name: str
    segment_id: UUID
    segment_position: int = Field(description="In the document, from 1.")
    score: float = Field(description="From 0 to 1.")
    content: str
    first_page: int | None = Field(description="From 1; null where the document has no pages.")
    last_page: int | None
    headings: Sequence[str] = Field(description="The path to the passage, the outermost first.")

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """The wire form."""
        return cls.model_validate(citation, from_attributes=True)


class MessageResponse(Schema):
    """A message; `answer` is complete when `finished_at` is set."""

    id: UUID
    app_id: UUID
    conversation_id: UUID | None
    parent_id: UUID | None
    run_id: UUID
    user: str
    query: str
    inputs: dict[str, Any]
    files: Sequence[MessageFileResponse]
    status: MessageStatus
    answer: str
    usage: UsageResponse
    error: MessageErrorResponse | None
    feedback: FeedbackResponse | None
    citations: Sequence[CitationResponse] = Field(
        description="The passages of Knowledge that the answer stands on."
    )
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, message: MessageView) -> Self:
        """The wire form of a stored message."""
        usage, error, feedback = message.usage, message.error, message.feedback
        return cls(
            id=message.id,
            app_id=message.app_id,
            conversation_id=message.conversation_id,
            parent_id=message.parent_id,
            run_id=message.run_id,
            user=message.user,
            query=message.query,
            inputs=dict(message.inputs),
            files=[MessageFileResponse.of(file) for file in message.files],
            status=message.status,
            answer=message.answer,
            usage=UsageResponse(
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                total_tokens=usage.prompt_tokens + usage.completion_tokens,
                first_token_ms=usage.first_token_ms,
            ),
            error=(
                None
                if error is None
                else MessageErrorResponse(code=error.code, message=error.message)
            ),
            feedback=(
                None
                if feedback is None
                else FeedbackResponse(rating=feedback.rating, reason=feedback.reason)
            ),
            citations=[CitationResponse.of(each) for each in message.citations],
            created_at=message.created_at,
            finished_at=message.finished_at,
        )


class MessageLinks(Schema):
    """Where to look next."""

    status: str
    events: str
    stop: str


class AcceptedMessageResponse(Schema):
    """A message that will be answered in the background."""

    id: UUID
    conversation_id: UUID | None
    run_id: UUID
    status: str = Field(examples=["pending"])
    links: MessageLinks = Field(serialization_alias="_links")

    @classmethod
    def of(cls, sent: SentMessage) -> Self:
        """The wire form of a message that was just sent."""
        message = sent.message
        place = f"/v1/messages/{message.id}"
        return cls(
            id=message.id,
            conversation_id=message.conversation_id,
            run_id=message.run_id,
            status="pending",
            links=MessageLinks(status=place, events=f"{place}/events", stop=f"{place}/stop"),
        )
