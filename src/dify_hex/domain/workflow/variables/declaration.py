"""Variables that a graph declares for itself: of its environment and of its conversations."""

from dataclasses import dataclass

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableDeclaration:
    """A name, its type, and the value it begins with; of a secret the value is kept elsewhere."""

    name: str
    type: ValueType = ValueType.STRING
    value: JsonValue = None
    description: str = ""
