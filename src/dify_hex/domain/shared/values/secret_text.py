"""A credential in the clear, on its short way from the envelope to the provider it is for."""


class SecretText:
    """Text that shows itself only when asked by name: not in logs, traces or error messages."""

    __slots__ = ("_text",)

    #: Shorter secrets give nothing of themselves away in their hint.
    _MIN_LENGTH_TO_HINT = 16
    _HINT_EDGE = 4

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; only for whoever must send or seal it."""
        return self._text

    @property
    def hint(self) -> str:
        """First and last four characters, enough for its owner to tell two keys apart."""
        if len(self._text) < self._MIN_LENGTH_TO_HINT:
            return "…"
        return f"{self._text[: self._HINT_EDGE]}…{self._text[-self._HINT_EDGE :]}"

    def __repr__(self) -> str:
        return "SecretText(…)"

    def __str__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
