"""Puts what `main` returned into frames: JSON, and the files that it names."""

import json
import math
from collections.abc import Callable
from pathlib import Path

from dify_hex.adapters.sandbox.jail.channel import Channel
from dify_hex.adapters.sandbox.jail.failure import INVALID, TOO_LARGE, Failure
from dify_hex.adapters.sandbox.jail.wire import Kind

# Kept here, as foreign code may put others in the place of these.
_dumps = json.dumps


def send_result(
    channel: Channel, returned: object, file_outputs: tuple[str, ...], limit: int, line: int | None
) -> None:
    """Send it; files go first, and stand as their number in the result.

    Raises:
        Failure: it cannot be sent; `line` says where it was returned.
    """
    if not isinstance(returned, dict):
        found = type(returned).__name__
        raise Failure(INVALID, f"main returns {found}, and should return a dict", line)
    values = dict(returned)
    left = limit
    count = 0
    for name in file_outputs:
        if name not in values:
            continue
        value = values[name]
        paths = value if isinstance(value, list | tuple) else [value]
        numbers: list[dict[str, object]] = []
        for path in paths:
            content = _content(path, name, left, line)
            left -= len(content)
            channel.send(Kind.OUTPUT_FILE, content)
            numbers.append({"file": count, "name": Path(str(path)).name})
            count += 1
        values[name] = numbers if isinstance(value, list | tuple) else numbers[0]
    data = _encoded(values, line)
    if len(data) > left:
        raise Failure(TOO_LARGE, f"the result takes {len(data)} bytes", line)
    channel.send(Kind.RESULT, data)


def _content(path: object, name: str, left: int, line: int | None) -> bytes:
    if not isinstance(path, str):
        found = type(path).__name__
        raise Failure(INVALID, f"{name} should be a file's path, and is {found}", line, output=name)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - foreign code may have changed pathlib
            content = file.read(left + 1)
    except OSError as error:
        message = f"{name}: {path} cannot be read ({error.strerror})"
        raise Failure(INVALID, message, line, output=name) from None
    if len(content) > left:
        raise Failure(TOO_LARGE, f"{name}: the file is too large", line)
    return content


def _encoded(values: dict[str, object], line: int | None) -> bytes:
    try:
        try:
            return _as_json(values, line)
        except ValueError:
            # Libraries of data say NaN where a value is missing, for which JSON has a word.
            return _as_json(_with_null_for_nan(values), line)
    except (TypeError, ValueError, RecursionError) as error:
        raise Failure(INVALID, f"what main returns is no JSON: {error}", line) from None


def _as_json(values: object, line: int | None) -> bytes:
    told = {"values": values, "line": line}
    text = _dumps(told, ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode("utf-8", "replace")


def _with_null_for_nan(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {key: _with_null_for_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_null_for_nan(item) for item in value]
    converted = _converted(value)
    return value if converted is None else _with_null_for_nan(converted)


def _plain(value: object) -> object:
    """What a value of NumPy, pandas or datetime is in JSON."""
    converted = _converted(value)
    if converted is not None:
        return converted
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form in it")


def _converted(value: object) -> object:
    for method in ("tolist", "isoformat"):
        convert: Callable[[], object] | None = getattr(value, method, None)
        if callable(convert):
            return convert()
    return None
