"""The inputs that a workflow's start declares, and what may be put into them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.file_rule import MAX_FILES, FileRule
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.variables.value_type import ValueType

#: Characters of an object, as JSON.
MAX_OBJECT_LENGTH = 1_000_000
MAX_DESCRIPTION_LENGTH = 1_000
#: How many files a list takes that does not say.
FILES_UNLESS_SAID = 5


class StartInputType(StrEnum):
    """What kind of value an input takes, and with which control a form asks for it."""

    TEXT_INPUT = "text-input"
    PARAGRAPH = "paragraph"
    SELECT = "select"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    FILE = "file"
    FILE_LIST = "file-list"
    JSON_OBJECT = "json_object"

    @property
    def is_of_files(self) -> bool:
        """Whether it takes files."""
        return self in {StartInputType.FILE, StartInputType.FILE_LIST}

    @property
    def value_type(self) -> ValueType:
        """The type of the variable that it becomes."""
        return _VALUE_TYPES.get(self, ValueType.STRING)


_VALUE_TYPES = {
    StartInputType.NUMBER: ValueType.NUMBER,
    StartInputType.CHECKBOX: ValueType.BOOLEAN,
    StartInputType.FILE: ValueType.FILE,
    StartInputType.FILE_LIST: ValueType.FILES,
    StartInputType.JSON_OBJECT: ValueType.OBJECT,
}
#: Those that prompts have too.
_PLAIN = {
    StartInputType.TEXT_INPUT: VariableType.TEXT,
    StartInputType.PARAGRAPH: VariableType.PARAGRAPH,
    StartInputType.SELECT: VariableType.SELECT,
    StartInputType.NUMBER: VariableType.NUMBER,
    StartInputType.CHECKBOX: VariableType.CHECKBOX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartVariable:
    """One input of a workflow.

    `max_length` is in characters for texts, in files for a list of them. `options` belong to a
    select, what begins with `allowed_` to files, `json_schema` to an object. A hidden variable is
    not shown in forms; a caller may still fill it.
    """

    variable: str
    type: StartInputType = StartInputType.TEXT_INPUT
    label: str = ""
    description: str = ""
    required: bool = False
    hide: bool = False
    default: JsonValue = None
    max_length: int | None = None
    options: tuple[str, ...] = ()
    allowed_file_types: tuple[FileKind, ...] = ()
    allowed_file_extensions: tuple[str, ...] = ()
    allowed_file_upload_methods: tuple[TransferMethod, ...] = ()
    json_schema: JsonObject | None = None

    @classmethod
    def like(cls, declared: InputVariable) -> "StartVariable":
        """The input that an app's own variable becomes."""
        types = {plain: kind for kind, plain in _PLAIN.items()}
        return cls(
            variable=declared.name,
            type=types[declared.type],
            label=declared.label,
            required=declared.required,
            hide=declared.hidden,
            default=declared.default,
            max_length=declared.max_length,
            options=declared.options,
        )

    @property
    def file_rule(self) -> FileRule | None:
        """Which files it takes; None when it takes none."""
        if not self.type.is_of_files:
            return None
        return FileRule(
            kinds=frozenset(self.allowed_file_types),
            extensions=frozenset(
                f".{each.lstrip('.').lower()}" for each in self.allowed_file_extensions
            ),
            methods=frozenset(self.allowed_file_upload_methods),
            max_count=self._most_files(),
        )

    def is_missing(self, value: JsonValue) -> bool:
        """Whether the value counts as not given."""
        if self.type in _PLAIN:
            return self._plain().is_missing(value)
        return value is None or (self.type.is_of_files and value in ("", []))

    def value_when_missing(self) -> JsonValue:
        """What stands in for a value that may be left out and was."""
        if self.default is not None:
            return self.default
        if self.type in _PLAIN:
            return self._plain().value_when_missing()
        return [] if self.type is StartInputType.FILE_LIST else None

    def problem_with(self, value: JsonValue) -> Fault | None:
        """What is wrong with a value that was given; None when it fits.

        Of files only the number is judged, as they are yet to be found, and an object is not held
        against its schema.
        """
        match self.type:
            case StartInputType.FILE:
                return self._problem_with_file(value)
            case StartInputType.FILE_LIST:
                return self._problem_with_files(value)
            case StartInputType.JSON_OBJECT:
                return self._problem_with_object(value)
            case _:
                return self._plain().problem_with(value)

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is wrong with the declaration itself."""
        yield from self._common_faults(path)
        if len(self.description) > MAX_DESCRIPTION_LENGTH:
            yield Fault(
                code="variable_description_too_long",
                path=f"{path}.description",
                message=f"Use at most {MAX_DESCRIPTION_LENGTH} characters.",
            )
        if self.type is StartInputType.FILE_LIST and not 1 <= self._most_files() <= MAX_FILES:
            yield Fault(
                code="variable_max_length_invalid",
                path=f"{path}.max_length",
                message=f"Take from 1 to {MAX_FILES} files.",
            )
        for name, value in self._of_files().items():
            if value and not self.type.is_of_files:
                yield Fault(
                    code="variable_files_unexpected",
                    path=f"{path}.{name}",
                    message="Only files have this; leave it out, or change the type.",
                )
        if self.json_schema is not None and self.type is not StartInputType.JSON_OBJECT:
            yield Fault(
                code="variable_schema_unexpected",
                path=f"{path}.json_schema",
                message="Only an object has a schema; leave it out, or change the type.",
            )

    def _common_faults(self, path: str) -> Iterator[Fault]:
        for fault in self._plain().faults(path):
            place = fault.path.removesuffix(".name")
            renamed = place if place == fault.path else f"{place}.variable"
            yield Fault(code=fault.code, path=renamed, message=fault.message)
        if self.default is not None and (problem := self.problem_with(self.default)) is not None:
            yield Fault(
                code="variable_default_invalid",
                path=f"{path}.default",
                message=f"The default cannot be used: {problem.message}",
            )

    def _plain(self) -> InputVariable:
        """The variable of a prompt that is the most like it."""
        counts_files = self.type is StartInputType.FILE_LIST
        return InputVariable(
            name=self.variable,
            type=_PLAIN.get(self.type, VariableType.NUMBER),
            label=self.label,
            required=self.required,
            max_length=None if counts_files else self.max_length,
            options=self.options,
        )

    def _of_files(self) -> Mapping[str, Sequence[str]]:
        return {
            "allowed_file_types": self.allowed_file_types,
            "allowed_file_extensions": self.allowed_file_extensions,
            "allowed_file_upload_methods": self.allowed_file_upload_methods,
        }

    def _most_files(self) -> int:
        if self.type is StartInputType.FILE:
            return 1
        return FILES_UNLESS_SAID if self.max_length is None else self.max_length

    def _problem_with_file(self, value: JsonValue) -> Fault | None:
        is_named = isinstance(value, str | Mapping)
        return None if is_named else self._fault("input_wrong_type", "must be a file")

    def _problem_with_files(self, value: JsonValue) -> Fault | None:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return self._fault("input_wrong_type", "must be a list of files")
        most = self._most_files()
        if len(value) > most:
            return self._fault("input_too_many_files", f"takes at most {most} files")
        return next(filter(None, map(self._problem_with_file, value)), None)

    def _problem_with_object(self, value: JsonValue) -> Fault | None:
        if not isinstance(value, Mapping) or FileReference.from_json(value) is not None:
            return self._fault("input_wrong_type", "must be an object")
        if len(json.dumps(value, ensure_ascii=False)) > MAX_OBJECT_LENGTH:
            limit = f"takes at most {MAX_OBJECT_LENGTH} characters"
            return self._fault("input_too_long", limit)
        return None

    def _fault(self, code: str, problem: str) -> Fault:
        return Fault(
            code=code, path=f"inputs.{self.variable}", message=f"`{self.variable}` {problem}."
        )
