"""A typed variable that a prompt declares, and what may be put into it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonValue

#: What a variable can hold; None is a number that was left out.
InputValue = str | int | float | bool | None

MAX_OPTIONS = 200
MAX_LABEL_LENGTH = 200
#: Whole numbers up to here are the same in every JSON reader.
MAX_NUMBER = 2**53

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
#: Words the template language keeps for itself.
_RESERVED = frozenset(
    {"and", "else", "elif", "endif", "false", "for", "if", "in", "is", "none", "not", "or", "true"}
)


class VariableType(StrEnum):
    """What kind of value a variable takes, and with which control a form asks for it."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    SELECT = "select"
    CHECKBOX = "checkbox"


#: The longest text a variable of the type takes, in characters, whatever it declares.
LONGEST = {VariableType.TEXT: 1_000, VariableType.PARAGRAPH: 100_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputVariable:
    """One input of an app.

    `options` belong to a select, `max_length` (in characters) to text and paragraph. A hidden
    variable is not shown in forms; a caller may still fill it.
    """

    name: str
    type: VariableType = VariableType.TEXT
    label: str = ""
    required: bool = True
    default: InputValue = None
    max_length: int | None = None
    options: tuple[str, ...] = ()
    hidden: bool = False

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is wrong with the declaration itself."""
        if not _NAME.fullmatch(self.name) or self.name.lower() in _RESERVED:
            yield Fault(
                code="variable_name_invalid",
                path=f"{path}.name",
                message="Use letters, digits and underscores, not beginning with a digit, "
                "at most 64, and no word of the template language.",
            )
        if len(self.label) > MAX_LABEL_LENGTH:
            yield Fault(
                code="variable_label_too_long",
                path=f"{path}.label",
                message=f"Use at most {MAX_LABEL_LENGTH} characters.",
            )
        yield from self._length_faults(path)
        yield from self._option_faults(path)
        if self.default is not None:
            problem = self.problem_with(self.default)
            if problem is not None:
                yield Fault(
                    code="variable_default_invalid",
                    path=f"{path}.default",
                    message=f"The default cannot be used: {problem.message}",
                )

    def is_missing(self, value: JsonValue) -> bool:
        """Whether the value counts as not given.

        A blank text does where a text is demanded: a form sends its empty fields along.
        """
        if value is None:
            return True
        if not isinstance(value, str) or value.strip():
            return False
        match self.type:
            case VariableType.TEXT | VariableType.PARAGRAPH:
                return self.required
            case VariableType.SELECT:
                return True
            case _:
                return False

    def problem_with(self, value: JsonValue) -> Fault | None:
        """What is wrong with a value that was given; None when it fits."""
        match self.type:
            case VariableType.NUMBER:
                return self._problem_with_number(value)
            case VariableType.CHECKBOX:
                return None if isinstance(value, bool) else self._wrong_type("true or false")
            case _:
                return self._problem_with_text(value)

    def value_when_missing(self) -> InputValue:
        """What stands in for a value that may be left out and was."""
        if self.default is not None:
            return self.default
        match self.type:
            case VariableType.NUMBER:
                return None
            case VariableType.CHECKBOX:
                return False
            case _:
                return ""

    def _problem_with_number(self, value: JsonValue) -> Fault | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._wrong_type("a number")
        # Written so that a NaN is refused, too.
        if not -MAX_NUMBER <= value <= MAX_NUMBER:
            return self._wrong_type(f"a number from -{MAX_NUMBER:g} to {MAX_NUMBER:g}")
        return None

    def _problem_with_text(self, value: JsonValue) -> Fault | None:
        if not isinstance(value, str):
            return self._wrong_type("text")
        if self.type is VariableType.SELECT:
            return None if value in self.options else self._not_an_option()
        limit = self._longest()
        if len(value) > limit:
            return Fault(
                code="input_too_long",
                path=f"inputs.{self.name}",
                message=f"`{self.name}` takes at most {limit} characters, not {len(value)}.",
            )
        return None

    def _longest(self) -> int:
        ceiling = LONGEST[self.type]
        return ceiling if self.max_length is None else min(self.max_length, ceiling)

    def _wrong_type(self, expected: str) -> Fault:
        return Fault(
            code="input_wrong_type",
            path=f"inputs.{self.name}",
            message=f"`{self.name}` must be {expected}.",
        )

    def _not_an_option(self) -> Fault:
        return Fault(
            code="input_not_an_option",
            path=f"inputs.{self.name}",
            message=f"`{self.name}` must be one of: {', '.join(self.options[:20])}.",
        )

    def _length_faults(self, path: str) -> Iterator[Fault]:
        if self.max_length is None:
            return
        ceiling = LONGEST.get(self.type)
        if ceiling is None:
            message = "Only text and paragraph have a longest length."
        elif not 1 <= self.max_length <= ceiling:
            message = f"Use a length from 1 to {ceiling}."
        else:
            return
        yield Fault(code="variable_max_length_invalid", path=f"{path}.max_length", message=message)

    def _option_faults(self, path: str) -> Iterator[Fault]:
        path = f"{path}.options"
        if self.type is not VariableType.SELECT:
            if self.options:
                yield Fault(
                    code="variable_options_unexpected",
                    path=path,
                    message="Only a select has options.",
                )
            return
        if not 1 <= len(self.options) <= MAX_OPTIONS:
            yield Fault(
                code="variable_options_count",
                path=path,
                message=f"Give a select from 1 to {MAX_OPTIONS} options.",
            )
        if len(set(self.options)) < len(self.options) or not all(map(str.strip, self.options)):
            yield Fault(
                code="variable_options_invalid",
                path=path,
                message="Each option needs its own text.",
            )
