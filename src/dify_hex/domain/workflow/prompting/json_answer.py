"""Finds the JSON in what a model says, however much it says around it."""

import json
import re
from collections.abc import Mapping

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

#: Places at which an object is looked for; nothing with more of them is meant as JSON.
_MAX_PLACES = 50
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def object_in(text: str) -> JsonObject | None:
    """The first JSON object in the text: bare, fenced or between words; None when there is none.

    A comma after the last entry is forgiven. Characters that cannot be stored are left out.
    """
    found = _first_object(text)
    if found is None:
        found = _first_object(_TRAILING_COMMA.sub(r"\1", text))
    return None if found is None else {storable(key): _storable(found[key]) for key in found}


def storable(text: str) -> str:
    """The text without what neither JSON columns nor UTF-8 can hold."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _first_object(text: str) -> Mapping[str, JsonValue] | None:
    place = text.find("{")
    for _ in range(_MAX_PLACES):
        if place < 0:
            return None
        try:
            value, _end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            place = text.find("{", place + 1)
        else:
            return value if isinstance(value, Mapping) else None
    return None


def _refuse(constant: str) -> JsonValue:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _storable(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return storable(value)
        case Mapping():
            return {storable(key): _storable(item) for key, item in value.items()}
        case list():
            return [_storable(item) for item in value]
        case _:
            return value
