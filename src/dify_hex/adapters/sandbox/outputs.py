"""Holds what `main` returned against what was declared."""

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dify_hex.application.shared.code_failures import CodeOutputInvalid
from dify_hex.application.shared.code_sandbox import CodeFile, CodeOutput, OutputType
from dify_hex.domain.shared.values.json_value import JsonValue

_Test = Callable[[object], bool]
_ANY_FILE = "application/octet-stream"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is(*types: type) -> _Test:
    return lambda value: isinstance(value, types)


def _all(test: _Test) -> _Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


_TESTS: Mapping[OutputType, _Test] = {
    OutputType.ANY: lambda _: True,
    OutputType.STRING: _is(str),
    OutputType.NUMBER: _is_number,
    OutputType.INTEGER: _is_integer,
    OutputType.BOOLEAN: _is(bool),
    OutputType.OBJECT: _is(dict),
    OutputType.ARRAY: _is(list),
    OutputType.ARRAY_OF_STRINGS: _all(_is(str)),
    OutputType.ARRAY_OF_NUMBERS: _all(_is_number),
    OutputType.ARRAY_OF_BOOLEANS: _all(_is(bool)),
    OutputType.ARRAY_OF_OBJECTS: _all(_is(dict)),
}
_NAMES: Mapping[type, str] = {
    bool: "boolean",
    str: "string",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}


def checked_outputs(
    returned: Mapping[str, Any],
    declared: Mapping[str, OutputType],
    files: Sequence[bytes],
    line: int | None,
) -> Mapping[str, CodeOutput]:
    """The declared outputs, files in place of their numbers; all there is when none are declared.

    Raises:
        CodeOutputInvalid: one is missing or of another type.
    """
    if not declared:
        return returned
    outputs: dict[str, CodeOutput] = {}
    for name, expected in declared.items():
        if name not in returned:
            raise _invalid(name, expected, "nothing", line)
        outputs[name] = _output(name, expected, returned[name], files, line)
    return outputs


def _output(
    name: str, expected: OutputType, value: JsonValue, files: Sequence[bytes], line: int | None
) -> CodeOutput:
    match expected:
        case OutputType.FILE:
            file = _file(value, files)
            if file is None:
                raise _invalid(name, expected, _name_of(value), line)
            return file
        case OutputType.ARRAY_OF_FILES:
            found = [_file(item, files) for item in value] if isinstance(value, list) else [None]
            several = [file for file in found if file is not None]
            if len(several) < len(found):
                raise _invalid(name, expected, _name_of(value), line)
            return several
        case _:
            if not _TESTS[expected](value):
                raise _invalid(name, expected, _name_of(value), line)
            return value


def _file(value: object, files: Sequence[bytes]) -> CodeFile | None:
    """The file that a number stands for, if it stands for one: the process may have lied."""
    if not isinstance(value, dict):
        return None
    number, name = value.get("file"), value.get("name")
    if not isinstance(number, int) or not isinstance(name, str):
        return None
    if not 0 <= number < len(files):
        return None
    media_type = mimetypes.guess_type(name)[0] or _ANY_FILE
    return CodeFile(name=name or "file", content=files[number], media_type=media_type)


def _name_of(value: object) -> str:
    return _NAMES.get(type(value), "something else")


def _invalid(name: str, expected: OutputType, found: str, line: int | None) -> CodeOutputInvalid:
    where = "" if line is None else f" (line {line})"
    message = f"The output {name} should be {expected.value}, and is {found}{where}."
    return CodeOutputInvalid(message, output=name, expected=expected.value, found=found, line=line)
