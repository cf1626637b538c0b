"""What the host says instead of a text."""

from dify_hex.domain.knowledge.reading_errors import UnreadableReason


class Refusal(Exception):
    """The document cannot be read, for a reason that is known."""

    def __init__(self, reason: UnreadableReason) -> None:
        super().__init__(reason.value)
        self.reason = reason
