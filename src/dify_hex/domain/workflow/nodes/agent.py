"""The agent node: a model that works towards a goal with tools, by a strategy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.tool_parameters import (
    ToolParameter,
    parameter_faults,
    parameter_references,
)
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType


class AgentReasoning(StrEnum):
    """Where the model's thinking goes: between tags in the text, or out of it."""

    TAGGED = "tagged"
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig(NodeConfig):
    """Which strategy of which provider, and what it is given: a model, tools, an instruction."""

    type: ClassVar[str] = "agent"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False
    open_outputs: ClassVar[bool] = True

    agent_strategy_provider_name: str
    agent_strategy_name: str
    agent_strategy_label: str = ""
    agent_parameters: Mapping[str, ToolParameter] = field(default_factory=dict)
    memory: MemoryWindow | None = None
    reasoning_format: AgentReasoning = AgentReasoning.TAGGED
    tool_node_version: str = "2"
    plugin_unique_identifier: str | None = None
    output_schema: JsonObject | None = None

    def outputs(self) -> Mapping[str, ValueType]:
        """What every strategy puts out; its provider may know of more."""
        return {
            "text": ValueType.STRING,
            "files": ValueType.FILES,
            "json": ValueType.OBJECTS,
            "usage": ValueType.OBJECT,
        }

    def references(self) -> Iterable[Reference]:
        """What the parameters are made of."""
        return parameter_references(self.agent_parameters, "agent_parameters")

    def faults(self) -> Iterable[ConfigFault]:
        """A strategy that is not named, and parameters that have no value."""
        for name, text in (
            ("agent_strategy_provider_name", self.agent_strategy_provider_name),
            ("agent_strategy_name", self.agent_strategy_name),
        ):
            if not text.strip():
                yield ConfigFault(
                    code="strategy_missing",
                    field=name,
                    message="Choose the strategy that the agent follows.",
                )
        yield from parameter_faults(self.agent_parameters, "agent_parameters")
