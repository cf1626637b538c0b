"""The sub-workflow node: another published workflow, run in this node's place."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.value_type import ValueType

#: Follows the workflow: whatever is published when the node starts is run.
LATEST: Literal["latest"] = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubWorkflowInput:
    """One input of the linked workflow: the value at the selector, or else the constant."""

    variable: str
    value_selector: Selector | None = None
    value: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubWorkflowOutput:
    """One output of the linked workflow that later nodes may refer to."""

    variable: str
    value_type: ValueType = ValueType.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class SubWorkflowConfig(NodeConfig):
    """Which workflow, in which of its versions (counted from 1), with which inputs."""

    type: ClassVar[str] = "sub-workflow"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False
    open_outputs: ClassVar[bool] = True

    app_id: AppId
    version: int | Literal["latest"] = LATEST
    inputs: tuple[SubWorkflowInput, ...] = ()
    workflow_outputs: tuple[SubWorkflowOutput, ...] = ()

    @property
    def pinned(self) -> int | None:
        """The number of the version; None where the latest is followed."""
        return self.version if isinstance(self.version, int) else None

    def outputs(self) -> Mapping[str, ValueType]:
        """What the node declares of the workflow's outputs."""
        return {output.variable: output.value_type for output in self.workflow_outputs}

    def references(self) -> Iterable[Reference]:
        """Where the inputs come from."""
        for index, given in enumerate(self.inputs):
            if given.value_selector is not None:
                yield Reference(given.value_selector, f"inputs.{index}.value_selector")

    def inputs_from(self, pool: VariablePool) -> JsonObject:
        """What the linked workflow begins with.

        Raises:
            VariableMissing: a selector has no value.
        """
        return {
            given.variable: (
                given.value if given.value_selector is None else pool.get(given.value_selector)
            )
            for given in self.inputs
        }

    def faults(self) -> Iterable[ConfigFault]:
        """A version that cannot be, and names that cannot be used or told apart."""
        if self.pinned is not None and self.pinned < 1:
            yield ConfigFault(
                code="version_invalid",
                field="version",
                message="Name a published version, counted from 1, or follow the latest.",
            )
        yield from _name_faults("inputs", [given.variable for given in self.inputs])
        yield from _name_faults(
            "workflow_outputs", [output.variable for output in self.workflow_outputs]
        )


def _name_faults(field: str, names: list[str]) -> Iterable[ConfigFault]:
    counts = Counter(names)
    for index, name in enumerate(names):
        place = f"{field}.{index}.variable"
        if not is_name(name):
            yield ConfigFault(
                code="name_invalid",
                field=place,
                message="Use letters, digits and underscores, as the linked workflow does.",
            )
        if counts[name] > 1:
            yield ConfigFault(
                code="duplicate_variable",
                field=place,
                message=f"{name} stands here several times; leave all but one out.",
            )
