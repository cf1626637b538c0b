"""Saying something to an app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dify_hex.application.app.flow_inputs import GivenInputs
from dify_hex.application.app.read_request import ReadRequest
from dify_hex.application.app.runnable_apps import RunnableApp, RunnableApps, VersionChoice
from dify_hex.application.conversation.answering_run import AnsweringRuns, Asked
from dify_hex.application.conversation.answers import answered, failure_of
from dify_hex.application.conversation.message_files import MessageFiles
from dify_hex.application.conversation.ports import SendMessageWork
from dify_hex.application.conversation.read_models import MessageView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.idempotency import Claim
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunHandle, RunHost
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.application.workflow.started_run import StartedRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import (
    ConversationBusy,
    ConversationNotFound,
    ConversationUnsupported,
    ParentWithoutConversation,
)
from dify_hex.domain.conversation.message import (
    Message,
    MessageGlance,
    Question,
)
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.statuses import RunStatus

_FAILED = frozenset({RunStatus.FAILED, RunStatus.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessageCommand:
    """What an end user says to an app.

    Without `conversation_id` a new conversation begins. Without `parent_id` the message replies to
    the last one; `from_beginning` makes it reply to none, which begins another branch.
    """

    app_id: AppId
    user: EndUserName
    query: str
    inputs: JsonObject
    response: Delivery
    conversation_id: ConversationId | None = None
    parent_id: MessageId | None = None
    from_beginning: bool = False
    #: How long the run goes on without a reader; None means as the operator has set it.
    resume_window: timedelta | None = None
    version: VersionChoice = VersionChoice.PUBLISHED
    #: Each named by its id, in Dify's form, or by the value that a run has given out.
    files: Sequence[JsonValue] = ()
    #: The claim on the request's idempotency key, when the answer is a stream that can be joined.
    claim: Claim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message that is stored and being answered; `answered` only when it was waited for."""

    message: Message
    answered: MessageView | None


class SendMessage:
    """Stores a message and has it answered by a run of the app.

    - The published version answers; who may edit the app may also talk to its draft.
    - Query and inputs are checked against what the version declares, all faults at once.
    - Files that come with it are the end user's own, or nobody's in particular.
    - A conversation belongs to one app and one end user; to others it does not exist.
    - Who replies while the message replied to is still being answered is told to wait. Other
      branches of the conversation can be asked meanwhile, by naming the parent.
    - A completion app answers each message alone, without a conversation.
    - A foreground message needs a free place in this process; without one nothing is stored.
    - Message and run are stored together, before anything of the run happens, and so is that the
      request's key was used: whoever repeats the request finds this message and no second one.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[SendMessageWork],
        clock: Clock,
        apps: RunnableApps,
        read_request: ReadRequest,
        start_run: StartRun,
        host: RunHost,
        files: MessageFiles,
        runs: AnsweringRuns,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._apps = apps
        self._read_request = read_request
        self._start_run = start_run
        self._host = host
        self._files = files
        self._runs = runs

    async def execute(self, actor: Actor, command: SendMessageCommand) -> SentMessage:
        """Send the message; with a blocking response, wait for the end of its run.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app is out of use.
            AppNotPublished: the app has no version yet.
            AppConfigurationInvalid: the draft that was asked for has faults.
            AppTakesNoMessages: the app is a workflow.
            AppInputsInvalid: query or inputs do not fit what a prompt declares.
            RunInputsInvalid: the inputs do not fit what a graph's start declares.
            FileInputsInvalid: a file cannot be used, or there are too many.
            ConversationNotFound: there is no such conversation of this user with this app.
            ConversationBusy: the message replied to is still being answered.
            ConversationUnsupported: the app has no conversations.
            ParentNotFound: the conversation has no such message.
            ParentWithoutConversation: the parent's conversation is not named.
            IdempotencyInProgress: the claim was lost to somebody who sends the same.
            RunsFull: this process carries as many runs as it may.
            RunMoved: the run was waited for, and goes on in another process.
            AnswerFailed: the run was waited for, and came to no answer.
        """
        actor.require_app(command.app_id, Permission.APP_RUN)
        if command.version is VersionChoice.DRAFT:
            actor.require(Permission.APP_WRITE)
        if command.response is Delivery.BACKGROUND:
            message, _ = await self._store(actor, command)
            await self._host.wake_workers()
            return SentMessage(message=message, answered=None)
        message, handle = await self._launch(actor, command)
        if command.response is Delivery.STREAM:
            return SentMessage(message=message, answered=None)
        result = await handle.result()
        if result.status in _FAILED:
            raise failure_of(message, result)
        return SentMessage(message=message, answered=answered(message, result))

    async def _launch(self, actor: Actor, command: SendMessageCommand) -> tuple[Message, RunHandle]:
        with self._host.reserve() as place:
            message, started = await self._store(actor, command)
            return message, place.launch(started)

    async def _store(self, actor: Actor, command: SendMessageCommand) -> tuple[Message, StartedRun]:
        async with self._begin(actor.tenant_id) as work:
            app = await self._apps.find(command.app_id, command.version, work)
            given = GivenInputs(app_id=command.app_id, user=command.user, inputs=command.inputs)
            inputs = await self._read_request.execute(actor, app, command.query, given, work)
            files = await self._files.find(
                actor, command.files, app_id=command.app_id, user=command.user, work=work
            )
            question = _question(command.query, inputs, files)
            asked = await self._ask(actor, command, app, question, work)
            run = self._runs.begin(
                asked,
                app,
                background=command.response is Delivery.BACKGROUND,
                resume_window=command.resume_window,
            )
            started = await self._start_run.execute(actor, run, work)
            if command.claim is not None:
                await work.stream_claims.settle(command.claim, asked.message.id)
            try:
                await work.commit()
            except StaleVersion as error:
                # Someone else has just asked in the same conversation.
                raise ConversationBusy from error
        return asked.message, started

    async def _ask(
        self,
        actor: Actor,
        command: SendMessageCommand,
        app: RunnableApp,
        question: Question,
        work: SendMessageWork,
    ) -> Asked:
        now = self._clock.now()
        if not app.configuration.mode.has_conversations:
            asked = Asked(message=_standing_alone(actor, command, question, now))
        elif command.conversation_id is None:
            conversation = self._new_conversation(actor, command, now)
            message = conversation.ask(question, reply_to=None, now=now)
            await work.conversations.open(conversation, message)
            return Asked(message=message)
        else:
            asked = await _reply(command.conversation_id, command, question, now, work)
            if app.configuration.mode is AppMode.CHATFLOW:
                earlier = await work.messages.count(command.conversation_id)
                asked = replace(asked, earlier=earlier)
        await work.messages.add(asked.message)
        return asked

    def _new_conversation(
        self, actor: Actor, command: SendMessageCommand, now: datetime
    ) -> Conversation:
        if command.parent_id is not None:
            raise ParentWithoutConversation
        return Conversation.start(
            id=ConversationId(new_id()),
            tenant_id=actor.tenant_id,
            app_id=command.app_id,
            user=command.user,
            query=command.query,
            now=now,
        )


def _question(
    query: str, inputs: Mapping[str, JsonValue], files: tuple[FileReference, ...]
) -> Question:
    return Question(
        message_id=MessageId(new_id()),
        run_id=WorkflowRunId(new_id()),
        query=query,
        inputs=inputs,
        files=files,
    )


async def _reply(
    conversation_id: ConversationId,
    command: SendMessageCommand,
    question: Question,
    now: datetime,
    work: SendMessageWork,
) -> Asked:
    conversation = await work.conversations.get(conversation_id)
    if (conversation.app_id, conversation.user) != (command.app_id, command.user):
        raise ConversationNotFound
    parent = await _parent(conversation, command, work)
    return Asked(
        message=conversation.ask(question, reply_to=parent, now=now),
        variables=conversation.state.variables,
    )


async def _parent(
    conversation: Conversation, command: SendMessageCommand, work: SendMessageWork
) -> MessageGlance | None:
    if command.from_beginning:
        return None
    parent_id = command.parent_id or conversation.state.head_id
    return None if parent_id is None else await work.messages.glance(conversation.id, parent_id)


def _standing_alone(
    actor: Actor, command: SendMessageCommand, question: Question, now: datetime
) -> Message:
    if command.conversation_id is not None or command.parent_id is not None:
        raise ConversationUnsupported
    return Message(
        id=question.message_id,
        tenant_id=actor.tenant_id,
        app_id=command.app_id,
        conversation_id=None,
        parent_id=None,
        run_id=question.run_id,
        user=command.user,
        query=question.query,
        inputs=question.inputs,
        files=question.files,
        created_at=now,
    )
