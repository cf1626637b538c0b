"""The routes of conversations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from dify_hex.application.conversation.delete_conversation import (
    DeleteConversation,
    DeleteConversationCommand,
)
from dify_hex.application.conversation.ports import (
    ConversationFilter,
    ConversationReader,
    MessageReader,
)
from dify_hex.application.conversation.read_conversation import (
    ReadConversation,
    ReadConversationCommand,
)
from dify_hex.application.conversation.rename_conversation import RenameConversation
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.conversation.errors import ConversationNameInvalid, ConversationNotFound
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId, ConversationId, EndUserName
from dify_hex.entrypoints.http.envelope import (
    CursorEnvelope,
    Envelope,
    no_content,
    ok,
    stretch_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import CursorQuery
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.conversations.schemas import (
    ConversationResponse,
    RenameConversationRequest,
)
from dify_hex.entrypoints.http.v1.messages.schemas import MessageResponse, UserText

router = APIRouter(prefix="/v1/conversations", tags=["Conversations"])

UserQuery = Annotated[
    UserText | None, Query(description="Only if it is this end user's; otherwise 404.")
]


@router.get(
    "",
    response_model=CursorEnvelope[ConversationResponse],
    responses=errors(AppNotAllowed),
)
async def list_conversations(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    reader: Annotated[ConversationReader, Inject(ConversationReader)],
    cursor: CursorQuery,
    user: Annotated[UserText | None, Query(description="Only this end user's.")] = None,
) -> Response:
    """Conversations with an app, the latest active first."""
    actor.require_app(AppId(app_id), Permission.CONVERSATION_READ)
    wanted = ConversationFilter(app_id=AppId(app_id), user=_name(user))
    found = await reader.list_conversations(actor.tenant_id, wanted, cursor)
    return stretch_of(found, map(ConversationResponse.of, found.items))


@router.get(
    "/{conversation_id}",
    response_model=Envelope[ConversationResponse],
    responses=errors(ConversationNotFound, AppNotAllowed),
)
async def show_conversation(
    conversation_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[ReadConversation, Inject(ReadConversation)],
    user: UserQuery = None,
) -> Response:
    """One conversation."""
    conversation = await use_case.execute(actor, _command(conversation_id, user))
    return ok(ConversationResponse.of(conversation), version=conversation.version)


@router.get(
    "/{conversation_id}/messages",
    response_model=CursorEnvelope[MessageResponse],
    responses=errors(ConversationNotFound, AppNotAllowed),
)
async def list_messages(
    conversation_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[ReadConversation, Inject(ReadConversation)],
    reader: Annotated[MessageReader, Inject(MessageReader)],
    cursor: CursorQuery,
    user: UserQuery = None,
) -> Response:
    """The messages of a conversation, the latest first; `parent_id` tells the branches apart."""
    conversation = await use_case.execute(actor, _command(conversation_id, user))
    found = await reader.list_messages(actor.tenant_id, conversation.id, cursor)
    return stretch_of(found, map(MessageResponse.of, found.items))


@router.patch(
    "/{conversation_id}",
    response_model=Envelope[ConversationResponse],
    responses=errors(ConversationNotFound, AppNotAllowed, ConversationNameInvalid),
)
async def rename_conversation(
    conversation_id: UUID,
    body: RenameConversationRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_WRITE)],
    use_case: Annotated[RenameConversation, Inject(RenameConversation)],
) -> Response:
    """Give the conversation another name."""
    conversation = await use_case.execute(actor, body.to_command(conversation_id, expected))
    return ok(ConversationResponse.of(conversation), version=conversation.version)


@router.delete(
    "/{conversation_id}",
    status_code=204,
    responses=errors(ConversationNotFound, AppNotAllowed, StaleVersion),
)
async def delete_conversation(
    conversation_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_WRITE)],
    use_case: Annotated[DeleteConversation, Inject(DeleteConversation)],
    user: UserQuery = None,
) -> Response:
    """Delete the conversation with everything said in it."""
    command = DeleteConversationCommand(
        conversation_id=ConversationId(conversation_id),
        user=_name(user),
        expected_version=expected,
    )
    await use_case.execute(actor, command)
    return no_content()


def _command(conversation_id: UUID, user: str | None) -> ReadConversationCommand:
    return ReadConversationCommand(
        conversation_id=ConversationId(conversation_id), user=_name(user)
    )


def _name(user: str | None) -> EndUserName | None:
    return None if user is None else EndUserName(user)
