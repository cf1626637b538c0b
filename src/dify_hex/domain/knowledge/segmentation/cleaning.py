"""Takes out of a text what nobody looks for, before it is cut."""

import re

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.settings import CleaningRules

#: Neither shown nor storable; tabs and line ends stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LINE_END = re.compile("\r\n?|\u2028|\u2029|\x85")
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_AROUND_LINE_END = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")
#: Only what an address may hold: Chinese text often follows it without a space.
_URL = re.compile(r"(?:https?|ftp)://[!#-;=?-~]+|\bwww\.[!#-;=?-~]+", re.IGNORECASE)
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII
)
#: Where spaces mean something.
_KEPT_AS_THEY_ARE = frozenset({BlockKind.CODE, BlockKind.TABLE})


def clean(block: Block, rules: CleaningRules) -> str:
    """The text of a block as it is segmented; it may be empty.

    Characters that cannot be seen go in any case. Spaces in code and tables stay.
    """
    text = block.text
    if "\r" in text or not text.isascii():
        text = _LINE_END.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    if rules.remove_urls_and_emails:
        text = _without_addresses(text)
    if block.kind in _KEPT_AS_THEY_ARE:
        return text.strip("\n").rstrip()
    if rules.collapse_whitespace:
        text = _SPACES.sub(" ", text)
        if "\n" in text:
            text = _EMPTY_LINES.sub("\n\n", _AROUND_LINE_END.sub("\n", text))
    return text.strip()


def _without_addresses(text: str) -> str:
    if "//" in text or "www." in text.lower():
        text = _URL.sub("", text)
    return _EMAIL.sub("", text) if "@" in text else text
