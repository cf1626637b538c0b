"""What the scripted model server does with one request, and how a test tells it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

#: In the last user message: `[[tokens=50 delay=0.02]]`; a value with spaces is quoted.
_DIRECTIVES = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
#: In the model's name: `scripted:tokens=50,delay=0.02`.
_NAMED = re.compile(r"^[^:]+:(?P<options>\w+=.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One request's fate; every default is the well-behaved thing.

    Positions (`cut_after`, `end_after`, …) count tokens already sent; -1 means never.
    """

    #: The answer; without it `tokens` pieces `t0 t1 t2 …`, or the question when `echo` is set.
    text: str = ""
    echo: bool = False
    tokens: int = 5
    #: Seconds before the answer begins, and before each further token.
    first: float = 0.0
    delay: float = 0.0
    #: Answers an error of this HTTP status instead; `fails` limits it to the first so many times.
    status: int = 200
    error_code: str = ""
    retry_after: str = ""
    fails: int = -1
    #: The connection breaks · the stream ends without a finish reason · broken JSON follows ·
    #: nothing follows, for ever · an error object follows inside the stream.
    cut_after: int = -1
    end_after: int = -1
    malformed_after: int = -1
    hang_after: int = -1
    error_after: int = -1
    #: Whether usage is reported at all.
    usage: bool = True
    finish: str = "stop"
    #: Whether the stream's last line is `data: [DONE]`.
    done: bool = True
    #: Tokens of reasoning before the answer.
    reasoning: int = 0
    #: A tool to call, and the JSON text of its arguments.
    tool: str = ""
    arguments: str = "{}"
    #: The bytes come in slices of this many; 0 leaves them whole.
    slice: int = 0
    #: Lines end in CRLF, `data:` has no space, comments stand between events.
    awkward: bool = False
    #: Seconds between comments while the server is otherwise silent; 0 for none.
    keepalive: float = 0.0
    dimension: int = 16

    def with_options(self, options: Mapping[str, Any]) -> "Script":
        """The script with some of its fields replaced; texts are converted to their types."""
        types = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        return replace(
            self, **{name: _converted(types[name], value) for name, value in options.items()}
        )


def script_for(default: Script, model: str, question: str) -> tuple[Script, str]:
    """The script of a request, and its question without directives.

    Directives in the message weigh more than those in the model's name, and these more than what
    was set at the control endpoint.
    """
    script = default
    if named := _NAMED.match(model):
        script = script.with_options(_pairs(named["options"].split(",")))
    for directives in _DIRECTIVES.findall(question):
        script = script.with_options(_pairs(shlex.split(directives)))
    return script, _DIRECTIVES.sub("", question).strip()


def pieces_of(script: Script, question: str) -> list[str]:
    """The tokens of the answer; joined they are its text."""
    if script.tool:
        return []
    if text := question if script.echo else script.text:
        return re.findall(r"\s*\S+\s*$|\s*\S+|\s+", text)
    return [f"t{number} " for number in range(script.tokens)]


def _pairs(options: list[str]) -> dict[str, str]:
    pairs = (option.partition("=") for option in options)
    return {name: value if sign else "true" for name, sign, value in pairs}


def _converted(kind: type, value: Any) -> Any:
    if kind is bool and isinstance(value, str):
        return value.lower() in ("1", "true", "yes")
    return kind(value)
