"""JSON with the run's values in it, so that it stays JSON whatever they hold."""

import json

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import RequestUnusable
from dify_hex.domain.workflow.requests.written import Written
from dify_hex.domain.workflow.variables.files import with_attributes
from dify_hex.domain.workflow.variables.pool import VariablePool, as_text
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT, Selector
from dify_hex.domain.workflow.variables.template import Template


def write_json(text: str, variables: VariablePool, *, place: str) -> Written:
    """The text with every reference replaced; empty when there is nothing in it.

    Between quotes a value stands as text, with what JSON wants escaped; elsewhere it stands as
    JSON itself, where a text that is JSON is taken as such.

    Raises:
        VariableMissing: a reference has no value.
        RequestUnusable: what comes of it is no JSON.
    """
    pieces: list[str] = []
    is_open = is_secret = False
    for segment in Template.parse(text).segments:
        if isinstance(segment, Selector):
            is_secret = is_secret or segment.node_id == ENVIRONMENT
            value = variables.get(segment)
            pieces.append(_inside(value) if is_open else _outside(value))
        else:
            is_open = _is_open_after(segment, is_open=is_open)
            pieces.append(segment)
    written = "".join(pieces)
    if written.strip():
        _check(written, place)
    return Written(written if written.strip() else "", is_secret)


def _is_open_after(text: str, *, is_open: bool) -> bool:
    """Whether a place behind the text is between quotes."""
    is_escaped = False
    for sign in text:
        if is_escaped:
            is_escaped = False
        elif sign == "\\":
            is_escaped = is_open
        elif sign == '"':
            is_open = not is_open
    return is_open


def _inside(value: JsonValue) -> str:
    return json.dumps(as_text(value), ensure_ascii=False)[1:-1]


def _outside(value: JsonValue) -> str:
    if isinstance(value, str) and _is_json(value):
        return value
    return json.dumps(with_attributes(value), ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _check(text: str, place: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestUnusable(place=place, reason=f"no JSON: {error.msg} ({where})") from None
    except (ValueError, RecursionError):
        raise RequestUnusable(place=place, reason="no JSON that can be read") from None
