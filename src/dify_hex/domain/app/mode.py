"""What kinds of app there are, and which of them are offered."""

from enum import StrEnum


class AppMode(StrEnum):
    """What an app is: it decides which configuration it has and how it is talked to."""

    CHAT = "chat"
    COMPLETION = "completion"
    AGENT = "agent"
    CHATFLOW = "chatflow"
    WORKFLOW = "workflow"

    @property
    def is_offered(self) -> bool:
        """Whether apps of this mode can be made."""
        return self in OFFERED_MODES

    @property
    def takes_messages(self) -> bool:
        """Whether the app is talked to; a workflow is run instead."""
        return self is not AppMode.WORKFLOW

    @property
    def has_conversations(self) -> bool:
        """Whether one message of an app can follow another."""
        return self in _CONVERSING


OFFERED_MODES = (AppMode.CHAT, AppMode.COMPLETION, AppMode.CHATFLOW, AppMode.WORKFLOW)
_CONVERSING = frozenset({AppMode.CHAT, AppMode.AGENT, AppMode.CHATFLOW})


class AppStatus(StrEnum):
    """Whether an app can be used; an archived one can only be read and brought back."""

    ACTIVE = "active"
    ARCHIVED = "archived"
