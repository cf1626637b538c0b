"""The routes of messages: sending, following, stopping, judging."""

from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.conversation.give_feedback import GiveFeedback
from dify_hex.application.conversation.read_message import ReadMessage, ReadMessageCommand
from dify_hex.application.conversation.send_message import SendMessage
from dify_hex.application.conversation.stop_message import StopMessage, StopMessageCommand
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunMoved
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppInputsInvalid,
    AppIsArchived,
    AppNotFound,
    AppNotPublished,
    AppTakesNoMessages,
)
from dify_hex.domain.conversation.errors import (
    AnswerFailed,
    ConversationBusy,
    ConversationNotFound,
    ConversationUnsupported,
    MessageNotFound,
    ParentNotFound,
    ParentWithoutConversation,
)
from dify_hex.domain.file.errors import FileInputsInvalid
from dify_hex.domain.shared.ids import EndUserName, MessageId
from dify_hex.domain.workflow.errors import RunInputsInvalid, RunsFull
from dify_hex.entrypoints.http.envelope import Envelope, accepted, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.idempotency import attempt_of
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.presence import CALLER_GONE, CallerGone, WhileCallerWaits
from dify_hex.entrypoints.http.streaming.parameters import After, Detail
from dify_hex.entrypoints.http.streaming.response import STREAM_RESPONSES, stream_run
from dify_hex.entrypoints.http.v1.messages.schemas import (
    AcceptedMessageResponse,
    FeedbackRequest,
    MessageResponse,
    SendMessageRequest,
    StopMessageRequest,
    UserText,
)

router = APIRouter(tags=["Messages"])

UserQuery = Annotated[
    UserText | None, Query(description="Only if it is this end user's; otherwise 404.")
]


@router.post(
    "/v1/apps/{app_id}/messages",
    response_model=Envelope[MessageResponse],
    responses={
        **STREAM_RESPONSES,
        202: {"model": Envelope[AcceptedMessageResponse]},
        **errors(
            AppNotFound,
            AppIsArchived,
            AppNotPublished,
            AppNotAllowed,
            AppConfigurationInvalid,
            AppInputsInvalid,
            AppTakesNoMessages,
            RunInputsInvalid,
            FileInputsInvalid,
            ConversationNotFound,
            ConversationBusy,
            ConversationUnsupported,
            ParentNotFound,
            ParentWithoutConversation,
            MessageNotFound,
            RunsFull,
            RunMoved,
            AnswerFailed,
        ),
    },
)
async def send_message(
    app_id: UUID,
    body: SendMessageRequest,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_RUN, idempotent=True)],
    use_case: Annotated[SendMessage, Inject(SendMessage)],
    reader: Annotated[ReadMessage, Inject(ReadMessage)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
) -> Response:
    """Say something to an app, and get the answer as a stream, as a whole, or later.

    Without `conversation_id` a conversation begins. A message that replies to one still being
    answered is refused; name another `parent_id` to go on from there meanwhile.
    """
    attempt = attempt_of(request.scope)
    if attempt is not None and attempt.joins is not None:
        begun = ReadMessageCommand(
            message_id=MessageId(attempt.joins), permission=Permission.APP_RUN
        )
        message = await reader.execute(actor, begun)
        return stream_run(request, follow, actor.tenant_id, message.run_id)
    claim = None if attempt is None else attempt.claim
    # Who sends a key will ask again, and gets the whole answer then.
    watched = body.response is Delivery.BLOCKING and attempt is None
    try:
        async with WhileCallerWaits(request) if watched else nullcontext():
            sent = await use_case.execute(actor, body.to_command(app_id, claim))
    except CallerGone:
        # The run is left to its resume window, and nobody reads this answer.
        return Response(status_code=CALLER_GONE)
    if sent.answered is not None:
        return ok(MessageResponse.of(sent.answered))
    if body.response is Delivery.BACKGROUND:
        place = f"/v1/messages/{sent.message.id}"
        return accepted(AcceptedMessageResponse.of(sent), location=place)
    if attempt is not None:
        attempt.note_settled()
    return stream_run(request, follow, actor.tenant_id, sent.message.run_id)


@router.get(
    "/v1/messages/{message_id}",
    response_model=Envelope[MessageResponse],
    responses=errors(MessageNotFound, AppNotAllowed),
)
async def show_message(
    message_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[ReadMessage, Inject(ReadMessage)],
    user: UserQuery = None,
) -> Response:
    """A message with its answer as far as it has been recorded."""
    message = await use_case.execute(actor, _command(message_id, user))
    return ok(MessageResponse.of(message))


@router.get(
    "/v1/messages/{message_id}/events",
    response_class=Response,
    responses={**STREAM_RESPONSES, **errors(MessageNotFound, AppNotAllowed)},
)
async def follow_message(
    message_id: UUID,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_RUN)],
    use_case: Annotated[ReadMessage, Inject(ReadMessage)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
    after: After,
    detail: Detail,
    user: UserQuery = None,
) -> Response:
    """The message's stream, from its beginning or after the event that was seen last.

    It can be asked for on any API process, while the answer comes and after it has.
    """
    message = await use_case.execute(actor, _command(message_id, user, Permission.APP_RUN))
    return stream_run(request, follow, actor.tenant_id, message.run_id, after=after, detail=detail)


@router.post(
    "/v1/messages/{message_id}/stop",
    response_model=Envelope[MessageResponse],
    responses=errors(MessageNotFound, AppNotAllowed),
)
async def stop_message(
    message_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_RUN)],
    use_case: Annotated[StopMessage, Inject(StopMessage)],
    reader: Annotated[ReadMessage, Inject(ReadMessage)],
    body: StopMessageRequest | None = None,
) -> Response:
    """Stop the answer; it ends within a second or two, and what was said so far stays.

    The message is answered as it is now. Stopping an answer that has ended changes nothing.
    """
    user = None if body is None or body.user is None else EndUserName(body.user)
    command = StopMessageCommand(message_id=MessageId(message_id), user=user)
    await use_case.execute(actor, command)
    message = await reader.execute(actor, _command(message_id, user, Permission.APP_RUN))
    return ok(MessageResponse.of(message))


@router.post(
    "/v1/messages/{message_id}/feedback",
    response_model=Envelope[MessageResponse],
    responses=errors(MessageNotFound, AppNotAllowed),
)
async def give_feedback(
    message_id: UUID,
    body: FeedbackRequest,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_WRITE)],
    use_case: Annotated[GiveFeedback, Inject(GiveFeedback)],
    reader: Annotated[ReadMessage, Inject(ReadMessage)],
) -> Response:
    """Say what the end user thinks of the answer, change it, or take it back."""
    command = body.to_command(message_id)
    await use_case.execute(actor, command)
    message = await reader.execute(
        actor, _command(message_id, command.user, Permission.CONVERSATION_WRITE)
    )
    return ok(MessageResponse.of(message))


def _command(
    message_id: UUID, user: str | None, permission: Permission = Permission.CONVERSATION_READ
) -> ReadMessageCommand:
    return ReadMessageCommand(
        message_id=MessageId(message_id),
        user=None if user is None else EndUserName(user),
        permission=permission,
    )
