"""Where in what was sent something is wrong, in the words of the caller and not of our schemas."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

_Location = Sequence[int | str]
#: Keys of the same name inside of each other could be followed in very many ways.
_MOST_WALKS = 64


def sent_path(location: _Location, *, body: object, found: object, is_missing: bool) -> str:
    """The path of a field as the caller wrote it, such as `prompt.variables.0.name`.

    A `location` also names the members of unions that were tried, which stand nowhere in `body`.
    What was `found` there tells a member from a key of the same name; with `is_missing` it is what
    the last part is missing from.
    """
    source, *parts = location
    if source != "body":
        # A parameter is a name; only its repetitions are told apart.
        kept = [part for index, part in enumerate(parts) if index == 0 or isinstance(part, int)]
    elif isinstance(body, Mapping | list):
        last = [parts.pop()] if is_missing and parts else []
        kept = [*_walk(parts, body, found), *last]
    else:
        kept = parts
    return ".".join(map(str, kept)) or str(source)


def _walk(parts: _Location, body: object, found: object) -> list[int | str]:
    """The parts that lead through the body to what was found, or else as far as they do."""
    walks = list(islice(_walks(parts, body), _MOST_WALKS))
    return next((walk for walk, end in walks if end is found), walks[0][0])


def _walks(parts: _Location, value: Any) -> Iterator[tuple[list[int | str], object]]:
    """Every way to follow the parts, passing over some, with what it leads to."""
    if not parts:
        yield [], value
        return
    first, *rest = parts
    if _leads(first, value):
        for walk, end in _walks(rest, value[first]):
            yield [first, *walk], end
    yield from _walks(rest, value)


def _leads(part: int | str, value: object) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)
