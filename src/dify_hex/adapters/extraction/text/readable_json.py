"""Writes JSON anew, so that people can read it, in proportion to what it was."""

import json
import re
from collections.abc import Iterable, Iterator

#: What is nested more deeply is left as it is: nobody reads it, and everybody who tries pays.
MOST_LEVELS = 100
#: Levels that have a line for each value; what is inside of them stands on one line, so that a
#: short value never takes more than a few times its own length.
_MOST_INDENTED = 8
#: Characters that are handed on together.
_PIECE = 64_000
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def readable(text: str) -> Iterator[str]:
    """The text in pieces, one value a line and no characters in escapes.

    Several values, one a line, stay so. What is no JSON, or nested too deeply, comes as it is.
    """
    if _is_deep(text):
        yield text
        return
    value = _value_of(text)
    if value is not None:
        yield from _together(_written(value, 0))
    else:
        yield from _together(_lines(text))


def _lines(text: str) -> Iterator[str]:
    end = ""
    for line in text.split("\n"):
        value = _value_of(line)
        yield end + (line if value is None else _on_one_line(value))
        end = "\n"


def _written(value: object, level: int) -> Iterator[str]:
    if not value or not isinstance(value, dict | list) or level >= _MOST_INDENTED:
        yield _on_one_line(value)
        return
    named: Iterable[tuple[str, object]]
    if isinstance(value, list):
        opening, closing, named = "[", "]", (("", item) for item in value)
    else:
        opening, closing = "{", "}"
        named = ((f"{_on_one_line(name)}: ", item) for name, item in value.items())
    indentation = " " * (level + 1)
    separator = f"{opening}\n{indentation}"
    for name, item in named:
        yield separator + name
        yield from _written(item, level + 1)
        separator = f",\n{indentation}"
    yield f"\n{' ' * level}{closing}"


def _on_one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _together(pieces: Iterable[str]) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def _value_of(text: str) -> object | None:
    """What it says, if that is an object or a list."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _is_deep(text: str) -> bool:
    depth = 0
    for found in _BRACKETS.finditer(text):
        match found.group()[0]:
            case "[" | "{":
                depth += 1
                if depth > MOST_LEVELS:
                    return True
            case "]" | "}":
                depth = max(depth - 1, 0)
            case _:
                pass
    return False
