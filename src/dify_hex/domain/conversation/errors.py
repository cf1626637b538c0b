"""What can be wrong with a conversation, a message or feedback on one."""

from dify_hex.domain.shared.errors import Conflict, InvalidInput, NotFound, Unavailable


class ConversationNotFound(NotFound):
    """The conversation does not exist."""

    code = "conversation_not_found"


class MessageNotFound(NotFound):
    """The message does not exist."""

    code = "message_not_found"


class ConversationBusy(Conflict):
    """The message before this one is still being answered; wait for it or stop it."""

    code = "conversation_busy"


class ConversationNameInvalid(InvalidInput):
    """A conversation's name is one line of up to 200 characters that can be seen."""

    code = "conversation_name_invalid"


class ConversationUnsupported(InvalidInput):
    """This app answers each message alone; leave out the conversation and the parent."""

    code = "conversation_unsupported"


class ParentNotFound(InvalidInput):
    """The parent message is not in this conversation."""

    code = "conversation_parent_not_found"


class ParentWithoutConversation(InvalidInput):
    """A parent message needs its conversation to be named, too."""

    code = "conversation_parent_without_conversation"


class AnswerFailed(Unavailable):
    """The message could not be answered; its details say why."""

    code = "message_failed"
