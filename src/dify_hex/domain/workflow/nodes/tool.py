"""The tool node: one call of a tool, whoever provides it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.tool_parameters import (
    ToolParameter,
    parameter_faults,
    parameter_references,
)
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType


class ToolProviderType(StrEnum):
    """Who provides the tool."""

    BUILTIN = "builtin"
    PLUGIN = "plugin"
    API = "api"
    WORKFLOW = "workflow"
    APP = "app"
    DATASET_RETRIEVAL = "dataset-retrieval"
    MCP = "mcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolConfig(NodeConfig):
    """Which tool of which provider, and what it is given.

    `tool_configurations` are settings that its author has made once, `tool_parameters` what each
    call gets. What the tool puts out beyond the usual is described by `output_schema`.
    """

    type: ClassVar[str] = "tool"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False
    accepts_secrets: ClassVar[bool] = True
    open_outputs: ClassVar[bool] = True

    provider_id: str
    provider_type: ToolProviderType
    provider_name: str
    tool_name: str
    tool_label: str = ""
    tool_description: str = ""
    tool_configurations: JsonObject = field(default_factory=dict)
    tool_parameters: Mapping[str, ToolParameter] = field(default_factory=dict)
    tool_node_version: str = "2"
    credential_id: str | None = None
    plugin_unique_identifier: str | None = None
    output_schema: JsonObject | None = None

    def outputs(self) -> Mapping[str, ValueType]:
        """What every tool puts out; its provider knows of more."""
        return {"text": ValueType.STRING, "files": ValueType.FILES, "json": ValueType.OBJECTS}

    def references(self) -> Iterable[Reference]:
        """What the parameters are made of."""
        return parameter_references(self.tool_parameters, "tool_parameters")

    def faults(self) -> Iterable[ConfigFault]:
        """A tool that is not named, and parameters that have no value."""
        for name, text in (("provider_id", self.provider_id), ("tool_name", self.tool_name)):
            if not text.strip():
                yield ConfigFault(
                    code="tool_missing", field=name, message="Choose the tool that is called."
                )
        yield from parameter_faults(self.tool_parameters, "tool_parameters")
