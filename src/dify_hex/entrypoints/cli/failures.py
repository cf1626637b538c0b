"""What keeps a command from doing its work, told as message, code and what to do about it."""

import json
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class ExitStatus(IntEnum):
    """How a command's process ends, for scripts to tell apart."""

    OK = 0
    #: The API has understood and refused.
    REFUSED = 1
    #: The command line makes no sense.
    USAGE = 2
    #: Nobody answers there, or not with what an API of ours says.
    UNREACHABLE = 3
    #: No credential, or one that is not valid any more.
    NOT_SIGNED_IN = 4
    INTERRUPTED = 130


class CommandFailed(Exception):
    """One failure; `hint` is what to do, `details` are the facts the API adds."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: ExitStatus = ExitStatus.REFUSED,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
        request_id: str = "",
    ) -> None:
        self.message = message
        self.code = code
        self.status = status
        self.hint = hint
        self.details = dict(details or {})
        self.request_id = request_id
        super().__init__(message)


class Interrupted(CommandFailed):
    """The stream was cut and could not be taken up again in time."""


def unusable(message: str, hint: str = "") -> CommandFailed:
    """Something on the command line cannot be meant."""
    return CommandFailed(message, code="cli_usage", status=ExitStatus.USAGE, hint=hint)


def report(failure: CommandFailed, *, as_json: bool) -> None:
    """Write the failure to standard error."""
    sys.stderr.write(f"{_as_json(failure) if as_json else _for_people(failure)}\n")


def _as_json(failure: CommandFailed) -> str:
    told = {
        "code": failure.code,
        "message": failure.message,
        "details": failure.details,
        "hint": failure.hint,
        "request_id": failure.request_id,
    }
    return json.dumps(told, ensure_ascii=False)


def _for_people(failure: CommandFailed) -> str:
    lines = [f"Error: {failure.message} [{failure.code}]"]
    for name, value in failure.details.items():
        lines += _facts(name, value)
    if failure.hint:
        lines.append(f"→ {failure.hint}")
    if failure.request_id and failure.code.startswith("sys_"):
        lines.append(f"  request {failure.request_id}")
    return "\n".join(lines)


def _facts(name: str, value: object) -> Sequence[str]:
    match value:
        case [Mapping(), *_]:
            return [f"  {_fact(item)}" for item in value]
        case [*items]:
            return [f"  {name}: {', '.join(map(str, items))}"]
        case _:
            return [f"  {name}: {value}"]


def _fact(item: object) -> str:
    """A fault of a field, or of a draft, on one line."""
    if not isinstance(item, Mapping):
        return str(item)
    field = item.get("field") or item.get("path") or item.get("name") or ""
    place = " ".join(filter(None, (item.get("node_id"), field)))
    said = item.get("message") or item.get("problem") or item.get("code") or json.dumps(dict(item))
    return f"{place}: {said}" if place else str(said)
