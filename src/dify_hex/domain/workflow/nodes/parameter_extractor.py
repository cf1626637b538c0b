"""The parameter-extractor node: a model finds values of declared types in a text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.prompting.extracted_parameter import (
    ExtractedParameter,
    ParameterType,
)
from dify_hex.domain.workflow.prompting.model_settings import (
    MemoryWindow,
    Vision,
    memory_and_vision_faults,
    vision_references,
)
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType

IS_SUCCESS, REASON, USAGE = "__is_success", "__reason", "__usage"
#: What every provider takes as the name of a tool's argument.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class ReasoningMode(StrEnum):
    """Whether the model calls a function with the values, or writes them as JSON."""

    FUNCTION_CALL = "function_call"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterExtractorConfig(NodeConfig):
    """Which text, which model, and what it has to find there.

    A model that finds too little does not fail the node: `__is_success` is 0 and `__reason` says
    why. What is not found has the empty value of its type.
    """

    type: ClassVar[str] = "parameter-extractor"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    query: Selector
    model: ModelConfig
    parameters: tuple[ExtractedParameter, ...]
    instruction: str = ""
    reasoning_mode: ReasoningMode = ReasoningMode.FUNCTION_CALL
    memory: MemoryWindow | None = None
    vision: Vision = field(default_factory=Vision)
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    @property
    def schema(self) -> JsonObject:
        """The values as the JSON Schema of one object."""
        return {
            "type": "object",
            "properties": {parameter.name: parameter.schema for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
        }

    def outputs(self) -> Mapping[str, ValueType]:
        """Each value, and how the search went."""
        return {
            **{parameter.name: parameter.type.output for parameter in self.parameters},
            IS_SUCCESS: ValueType.NUMBER,
            REASON: ValueType.STRING,
            USAGE: ValueType.OBJECT,
        }

    def references(self) -> Iterable[Reference]:
        """The text, and whatever instruction and images show."""
        yield Reference(self.query, "query")
        for selector in Template.parse(self.instruction).selectors:
            yield Reference(selector, "instruction")
        yield from vision_references(self.vision)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the values from being asked for."""
        if not self.parameters:
            yield ConfigFault(
                code="parameters_missing",
                field="parameters",
                message="There is nothing to look for; add at least one parameter.",
            )
        counts = Counter(parameter.name for parameter in self.parameters)
        for index, parameter in enumerate(self.parameters):
            if not _may_be_named(parameter.name) or counts[parameter.name] > 1:
                yield ConfigFault(
                    code="parameter_name_invalid",
                    field=f"parameters.{index}.name",
                    message="Each parameter needs a name of its own, of letters, digits and "
                    f"underscores; change {parameter.name!r}.",
                )
            if parameter.type is ParameterType.SELECT and not parameter.options:
                yield ConfigFault(
                    code="parameter_options_missing",
                    field=f"parameters.{index}.options",
                    message=f"{parameter.name} has nothing to select from; add options.",
                )
        yield from memory_and_vision_faults(self)


def _may_be_named(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in {IS_SUCCESS, REASON, USAGE}
