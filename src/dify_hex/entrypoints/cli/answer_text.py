"""The text of an answer as its events tell it, and what of it a terminal has still to show."""

from collections.abc import Mapping
from typing import Any


class AnswerText:
    """Puts deltas together; a `message.reset` says what the text is from now on.

    What a terminal has shown cannot be taken back. While the text is the beginning of what was
    shown, nothing is added; when it turns out to be another one, it is shown again from its start.
    """

    def __init__(self) -> None:
        self.text = ""
        self._shown = ""

    def take(self, event_type: str, data: Mapping[str, Any]) -> None:
        """Take one event in; those that are not about text change nothing."""
        match event_type:
            case "message.delta":
                self.text += str(data.get("text", ""))
            case "message.reset":
                self.text = str(data.get("text", ""))
            case "message.complete":
                self.text = str(data.get("answer", self.text))
            case _:
                pass

    def unseen(self) -> tuple[bool, str]:
        """What to show now, and whether it begins anew."""
        if self.text.startswith(self._shown):
            rest = self.text[len(self._shown) :]
            self._shown = self.text
            return False, rest
        if self._shown.startswith(self.text):
            return False, ""
        self._shown = self.text
        return True, self.text

    def settle(self) -> tuple[bool, str]:
        """The same at the end, when a text that is only shorter is another one too."""
        if self._shown == self.text or self.text.startswith(self._shown):
            return self.unseen()
        self._shown = self.text
        return True, self.text
