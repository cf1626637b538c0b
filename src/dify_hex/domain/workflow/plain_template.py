"""Tells templates whose cost is bounded by their size from those that may do anything.

The former are rendered at once, as part of the run. The latter have the whole of Jinja2, and the
sandbox around it. In doubt a template counts among the latter.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

#: Characters of a plain template, and places in it where something is written or decided.
MAX_LENGTH = 100_000
MAX_PLACES = 1_000
#: Filters without side effects. Their output is at most a small multiple of their input, as long
#: as their arguments are small and none of those that grow is applied to its own output.
PLAIN_FILTERS = frozenset(
    {"capitalize", "default", "d", "e", "escape", "first", "last", "length", "count", "lower"}
    | {"round", "int", "float", "string", "title", "tojson", "trim", "upper", "abs", "join"}
)
GROWING_FILTERS = frozenset({"tojson", "join", "e", "escape"})
#: These take any value in place of one that is missing; all other arguments are small constants,
#: for `round` and `join` can be made to multiply by theirs.
FALLBACK_FILTERS = frozenset({"default", "d"})
LONGEST_ARGUMENT = 20
LARGEST_ARGUMENT = 20

#: Below what the parser of plain templates allows in depth.
_MAX_TOKENS = 48
_MAX_NEGATIONS = 4
_MAX_CONDITIONS = 5

_OPENING = re.compile(r"\{\{|\{%|\{#")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^'\\]*'|\"[^\"\\]*\")"
    r"|(?P<sign>==|!=|<=|>=|[<>.|,()\[\]]))"
)
_STATEMENT = re.compile(r"\s*(if|elif|else|endif)\b(.*)", re.DOTALL)
#: Begin tests (`is defined`), which plain templates do without.
_REFUSED_NAMES = frozenset({"is"})
_OPERANDS = frozenset({"name", "number", "text"})
#: Names behind which a value begins.
_OPERATORS = frozenset({"and", "or", "not", "in", "if", "else"})

_REMEMBERED = 1_024


class _Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=_REMEMBERED)
def is_plain(template: str) -> bool:
    """Whether the template can be rendered at once; one with wrong syntax may pass for plain."""
    if len(template) > MAX_LENGTH:
        return False
    if template.count("{{") + template.count("{%") > MAX_PLACES:
        return False
    depth, position = 0, 0
    while (opening := _OPENING.search(template, position)) is not None:
        end = template.find(_CLOSING[opening.group()], opening.end())
        if end < 0:
            return False
        inner = template[opening.end() : end].removeprefix("-").removesuffix("-")
        if opening.group() == "{{" and not _is_plain_expression(inner):
            return False
        if opening.group() == "{%":
            step = _plain_statement(inner)
            if step is None or depth + step > _MAX_CONDITIONS:
                return False
            depth += step
        position = end + 2
    return True


def _plain_statement(inner: str) -> int | None:
    """By how many conditions deeper the text goes on; None when it is no plain statement."""
    found = _STATEMENT.fullmatch(inner)
    if found is None:
        return None
    keyword, rest = found.groups()
    if keyword in {"else", "endif"}:
        return None if rest.strip() else -1 if keyword == "endif" else 0
    if not _is_plain_expression(rest):
        return None
    return 1 if keyword == "if" else 0


def _is_plain_expression(text: str) -> bool:
    tokens = list(islice(_tokens(text), _MAX_TOKENS + 1))
    if len(tokens) > _MAX_TOKENS or sum(token.text == "not" for token in tokens) > _MAX_NEGATIONS:
        return False
    grown: set[str] = set()
    position = 0
    while position < len(tokens):
        length = _plain_step(tokens, position, grown)
        if not length:
            return False
        position += length
    return True


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            yield _Token("unknown", text[position])
            return
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind])
        position = found.end()


def _plain_step(tokens: list[_Token], position: int, grown: set[str]) -> int:
    """How many of the tokens that follow are plain together; 0 when the first is not."""
    kind, text = tokens[position]
    match kind, text:
        case "sign", "|":
            return _filter(tokens, position, grown)
        case "sign", "[":
            return _index(tokens, position)
        case ("sign", "(" | ")" | "]" | ",") | ("unknown", _):
            return 0
        case _:
            return int(text not in _REFUSED_NAMES)


def _filter(tokens: list[_Token], position: int, grown: set[str]) -> int:
    """`|name` and `|name(constants)`, with their lengths."""
    name = tokens[position + 1].text if position + 1 < len(tokens) else ""
    if name not in PLAIN_FILTERS or name in grown:
        return 0
    grown |= GROWING_FILTERS & {name}
    if position + 2 == len(tokens) or tokens[position + 2].text != "(":
        return 2
    for end in range(position + 3, len(tokens)):
        kind, text = tokens[end]
        is_argument = (end - position) % 2 == 1
        if text == ")":
            return end - position + 1
        if not (_is_argument(name, kind, text) if is_argument else text == ","):
            return 0
    return 0


def _is_argument(name: str, kind: str, text: str) -> bool:
    if name in FALLBACK_FILTERS:
        return kind in _OPERANDS
    if kind == "number":
        return float(text) <= LARGEST_ARGUMENT
    return kind == "text" and len(text) - 2 <= LONGEST_ARGUMENT


def _index(tokens: list[_Token], position: int) -> int:
    """`[index]` behind a value: a list of its own would begin with the same sign."""
    before = tokens[position - 1] if position else _Token("", "")
    is_value = before.kind == "name" and before.text not in _OPERATORS
    if not is_value and before.text != "]":
        return 0
    inside = tokens[position + 1 : position + 3]
    is_index = len(inside) == 2 and inside[0].kind in _OPERANDS and inside[1].text == "]"
    return 3 if is_index else 0
