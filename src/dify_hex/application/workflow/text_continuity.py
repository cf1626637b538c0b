"""What a reader holds of a message's text, so that the pieces it gets add up to the truth."""

from dataclasses import dataclass

from dify_hex.application.workflow.stream_position import BEGINNING, StreamPosition


@dataclass(frozen=True, slots=True)
class TextChange:
    """Text for the reader: to append, or in place of all it holds."""

    text: str
    replaces: bool
    #: Where the text is exactly this far; None when it was made up from elsewhere.
    at: StreamPosition | None


class TextContinuity:
    """Follows one text through a stream that may lose its past, pauses or change owners.

    - Only the count of characters is kept, never the text itself.
    - A piece is passed on when it begins where the reader's text ends.
    - Once it is not certain what the reader holds, nothing is passed on until the whole text is
      known again; that replaces all the reader holds.
    - A reader that comes back is certain only at the position of a text entry: at a journalled
      event its text may lag behind, as such events are also read from the journal.
    """

    __slots__ = ("_at", "_held", "_over", "_pieces", "_replaces", "_sent", "_sought", "_text_at")

    def __init__(self, after: StreamPosition | None) -> None:
        fresh = after is None or after == BEGINNING
        #: Characters the reader holds once it has been given the pieces below.
        self._held = 0 if fresh else None
        #: Characters it holds already.
        self._sent = self._held
        #: The position a returning reader names, until it is found or passed.
        self._sought = None if fresh else after
        self._at = BEGINNING
        self._text_at: StreamPosition | None = None
        self._pieces: list[str] = []
        self._replaces = False
        self._over = False

    def lose(self) -> None:
        """Something may be missing here, or another owner's text begins."""
        self._pieces = []
        self._replaces = False
        self._held = None

    def go_back(self, at: StreamPosition) -> None:
        """What came after this position is not to be counted; something else will follow it."""
        self._at = min(self._at, at)

    def pass_by(self, at: StreamPosition) -> None:
        """An entry that is not text."""
        self._at = max(self._at, at)
        if self._sought is not None and at >= self._sought:
            self._sought = None

    def is_new(self, at: StreamPosition) -> bool:
        """Whether the reader cannot have seen an entry at this position."""
        return at > self._at and (self._sought is None or at > self._sought)

    def delta(self, at: StreamPosition, offset: int, text: str) -> None:
        """A piece of text that begins `offset` characters after the text's beginning."""
        if self._over or at <= self._at:
            return
        self._at = at
        sought = self._pass_sought(at)
        if sought == at:
            self._know(offset + len(text))
            return
        if sought is not None and sought.n and at.follows(sought):
            self._know(offset)
        if self._held is None and offset == 0:
            self._pieces, self._replaces = [], True
            self._held = 0
        if self._held != offset:
            self.lose()
            return
        self._pieces.append(text)
        self._text_at = at
        self._held = offset + len(text)

    def reset(self, at: StreamPosition, text: str) -> None:
        """The whole text, as it is at this position."""
        repeated = at == self._at and self._held is not None
        if self._over or at < self._at or repeated:
            return
        self._at = at
        if self._pass_sought(at) == at and at.n:
            self._know(len(text))
            return
        self._pieces, self._replaces = [text], True
        self._text_at = at
        self._held = len(text)

    def complete(self, text: str) -> None:
        """The text is final, and this; whatever of it the reader lacks becomes due."""
        if self._over:
            return
        self._over = True
        self._sought = None
        if self._held is None or self._held > len(text):
            self._pieces, self._replaces = [text], True
            self._text_at = None
        elif self._held < len(text):
            self._pieces.append(text[self._held :])
            self._text_at = None
        self._held = len(text)

    def close(self) -> None:
        """The reader knows already that its text is final."""
        self._over = True
        self.lose()

    def flush(self) -> TextChange | None:
        """What is due to the reader, if anything."""
        if self._sought is not None or not (self._pieces or self._replaces):
            return None
        text = "".join(self._pieces)
        # A reader with nothing in its hands needs nothing replaced.
        replaces = self._replaces and self._sent != 0
        self._pieces, self._replaces = [], False
        self._sent = self._held
        return TextChange(text, replaces, self._text_at) if text or replaces else None

    def _pass_sought(self, at: StreamPosition) -> StreamPosition | None:
        """The position that the reader named, when this is the first entry there or beyond."""
        sought = self._sought
        if sought is None or at < sought:
            return None
        self._sought = None
        return sought

    def _know(self, held: int) -> None:
        self._pieces, self._replaces = [], False
        self._held = self._sent = held
