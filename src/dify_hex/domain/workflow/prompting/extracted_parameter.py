"""A value that a model is asked to find: its name, its type, and what it may be."""

from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.variables.value_type import ValueType


class ParameterType(StrEnum):
    """What a value has to be; `bool` is another word for `boolean`."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BOOL = "bool"
    SELECT = "select"
    STRINGS = "array[string]"
    NUMBERS = "array[number]"
    OBJECTS = "array[object]"
    BOOLEANS = "array[boolean]"

    @property
    def output(self) -> ValueType:
        """The type of the node's output."""
        match self:
            case ParameterType.BOOL:
                return ValueType.BOOLEAN
            case ParameterType.SELECT:
                return ValueType.STRING
            case _:
                return ValueType(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedParameter:
    """A value to look for; `options` are what a `select` chooses from."""

    name: str
    type: ParameterType
    description: str = ""
    required: bool = False
    options: tuple[str, ...] = ()

    @property
    def schema(self) -> JsonObject:
        """The value as JSON Schema describes it."""
        output = self.type.output
        described: JsonObject = {"description": self.description or self.name}
        if output.is_array:
            return {**described, "type": "array", "items": {"type": output.item.value}}
        if self.options and output is ValueType.STRING:
            return {**described, "type": "string", "enum": list(self.options)}
        return {**described, "type": output.value}
