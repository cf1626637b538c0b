"""What a name may hold so that people see all of it, and in the order in which it is written."""

import unicodedata

#: Controls, halves of surrogates, separators of lines.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Embeddings, overrides and isolates: after one, `exe.gpj` is read `jpg.exe`.
_TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
#: Spaces, marks without a shape such as the joiners of scripts and emoji, and what only alters the
#: character before it.
_NO_SHAPE = _UNSEEN | {"Cf", "Mn", "Me", "Zs"}
#: Letters and symbols that are blank: fillers of Hangul, the empty pattern of Braille.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_hidden(character: str) -> bool:
    """Whether it cannot be seen and is no part of any script, or turns the reading direction."""
    return unicodedata.category(character) in _UNSEEN or character in _TURNING


def shows_something(text: str) -> bool:
    """Whether there is anything to be seen of it."""
    return any(
        unicodedata.category(character) not in _NO_SHAPE and character not in _BLANK
        for character in text
    )


def visible_name(text: str, *, most: int) -> str | None:
    """The name without the space around it; None where it is none.

    It has up to `most` characters on one line, none of them hidden, and shows something. Joiners
    stay, as Persian, the scripts of India and many emoji need them.
    """
    name = text.strip()
    if len(name) > most or any(map(is_hidden, name)) or not shows_something(name):
        return None
    return name
