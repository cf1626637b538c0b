"""Large values in the payloads of events: taken out, named by what they are, put back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, cast

from dify_hex.application.workflow.records import JournalRow
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

#: Characters of a payload beyond which its larger values are kept elsewhere.
LIMIT = 256 << 10
#: Characters of a value that are too few to be worth an object of their own.
_WORTH_IT = LIMIT >> 4
#: What stands in a value's place. At the top of a payload it tells where such places are, and no
#: value can stand there: so nothing that somebody hands in is ever taken for a reference.
MARK = "$spilled"
_QUOTED_MARK = f'"{MARK}"'
#: The fields of events whose entries are values; `given` has one more level, by node.
_VALUES = ("outputs", "inputs", "conversation", "variables")

_Path = tuple[str | int, ...]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Place(NamedTuple):
    holder: dict[str, JsonValue]
    key: str
    path: _Path


@dataclass(frozen=True, slots=True)
class Spilled:
    """A payload with references in it, and the contents that they name, by SHA-256."""

    payload: str
    contents: Mapping[str, bytes]


def spill(payload: str) -> Spilled:
    """Take the large values out of a payload; most are small, and cost no more than a glance."""
    if len(payload) <= LIMIT:
        return Spilled(payload, {})
    told: dict[str, JsonValue] = json.loads(payload)
    contents: dict[str, bytes] = {}
    paths: list[_Path] = []
    for place in _places(told):
        text = _encode(place.holder[place.key])
        if len(text) < _WORTH_IT:
            continue
        content = text.encode()
        digest = sha256(content).hexdigest()
        place.holder[place.key] = {MARK: {"sha256": digest, "size": len(content)}}
        contents[digest] = content
        paths.append(place.path)
    if not paths:
        return Spilled(payload, {})
    return Spilled(_encode(told | {MARK: paths}), contents)


def digests_in(payload: str) -> frozenset[str]:
    """The hashes of the values that were taken out of a payload."""
    told = _marked(payload)
    if told is None:
        return frozenset()
    found = (reference_of(_at(told, path)) for path in _paths(told))
    return frozenset(reference[0] for reference in found if reference is not None)


def put_back(payload: str, contents: Mapping[str, bytes]) -> str:
    """The payload as it was, as far as its values are among the contents."""
    told = _marked(payload)
    if told is None:
        return payload
    for path in _paths(told):
        holder, key = cast("dict[str | int, JsonValue]", _at(told, path[:-1])), path[-1]
        reference = reference_of(holder[key])
        if reference is not None and reference[0] in contents:
            holder[key] = json.loads(contents[reference[0]])
    del told[MARK]
    return _encode(told)


def row_with(row: JournalRow, contents: Mapping[str, bytes]) -> JournalRow:
    """A row with its values put back."""
    payload = put_back(row.payload, contents)
    return row if payload is row.payload else row._replace(payload=payload)


def reference_of(value: JsonValue) -> tuple[str, int] | None:
    """The hash and the size in bytes that a value names, when it looks like a reference."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    named = value.get(MARK)
    if not isinstance(named, Mapping):
        return None
    digest, size = named.get("sha256"), named.get("size")
    return (digest, size) if isinstance(digest, str) and isinstance(size, int) else None


def outputs_told(payload: str) -> JsonObject | None:
    """The outputs of an event that has lost values to references; None for any other."""
    told = _marked(payload)
    return None if told is None else cast("JsonObject | None", told.get("outputs"))


def _marked(payload: str) -> dict[str, JsonValue] | None:
    if _QUOTED_MARK not in payload:
        return None
    told: dict[str, JsonValue] = json.loads(payload)
    return told if MARK in told else None


def _paths(told: Mapping[str, JsonValue]) -> list[list[str | int]]:
    return cast("list[list[str | int]]", told[MARK])


def _at(told: JsonValue, path: list[str | int]) -> JsonValue:
    for part in path:
        told = cast("dict[str | int, JsonValue]", told)[part]
    return told


def _places(told: dict[str, JsonValue]) -> Iterator[_Place]:
    for field in _VALUES:
        yield from _entries(told.get(field), (field,))
    given = told.get("given")
    if isinstance(given, dict):
        for node_id, values in given.items():
            yield from _entries(values, ("given", node_id))
    assigned = told.get("assigned")
    if isinstance(assigned, list):
        for index, each in enumerate(assigned):
            yield _Place(each, "value", ("assigned", index, "value"))


def _entries(values: JsonValue, path: _Path) -> Iterator[_Place]:
    if isinstance(values, dict):
        for key in values:
            yield _Place(values, key, (*path, key))
