"""The conversation slice: its use cases and readers."""

from datetime import timedelta

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.conversation.reader import (
    SqlConversationReader,
    SqlMessageReader,
)
from dify_hex.application.conversation.answering_run import AnsweringRuns
from dify_hex.application.conversation.delete_conversation import DeleteConversation
from dify_hex.application.conversation.give_feedback import GiveFeedback
from dify_hex.application.conversation.message_files import MessageFiles
from dify_hex.application.conversation.ports import ConversationReader, MessageReader
from dify_hex.application.conversation.read_conversation import ReadConversation
from dify_hex.application.conversation.read_message import ReadMessage
from dify_hex.application.conversation.rename_conversation import RenameConversation
from dify_hex.application.conversation.send_message import SendMessage
from dify_hex.application.conversation.stop_message import StopMessage
from dify_hex.bootstrap.index import UseCaseIndex


class ConversationContainer(containers.DeclarativeContainer):
    """Everything that can be asked of conversations and messages."""

    shared = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()
    apps = providers.DependenciesContainer()

    conversation_reader = providers.Singleton(SqlConversationReader, shared.reads)
    message_reader = providers.Singleton(SqlMessageReader, shared.reads)

    send_message = providers.Factory(
        SendMessage,
        begin=shared.begin,
        clock=shared.clock,
        apps=apps.runnable_apps,
        read_request=apps.read_request,
        start_run=workflow.start_run,
        host=workflow.host,
        files=providers.Factory(MessageFiles, resolve=apps.resolve_file_inputs),
        runs=providers.Singleton(
            AnsweringRuns,
            graphs=apps.graphs,
            resume_window=providers.Callable(
                timedelta, seconds=shared.settings.provided.run.resume_window
            ),
        ),
    )
    stop_message = providers.Factory(StopMessage, begin=shared.begin, stop_run=workflow.stop_run)
    rename_conversation = providers.Factory(
        RenameConversation, begin=shared.begin, clock=shared.clock
    )
    delete_conversation = providers.Factory(
        DeleteConversation, begin=shared.begin, clock=shared.clock, stop_run=workflow.stop_run
    )
    give_feedback = providers.Factory(GiveFeedback, begin=shared.begin, clock=shared.clock)
    read_message = providers.Factory(ReadMessage, messages=message_reader)
    read_conversation = providers.Factory(ReadConversation, conversations=conversation_reader)


def conversation_use_cases(container: ConversationContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        ConversationReader: container.conversation_reader,
        DeleteConversation: container.delete_conversation,
        GiveFeedback: container.give_feedback,
        MessageReader: container.message_reader,
        ReadConversation: container.read_conversation,
        ReadMessage: container.read_message,
        RenameConversation: container.rename_conversation,
        SendMessage: container.send_message,
        StopMessage: container.stop_message,
    }
