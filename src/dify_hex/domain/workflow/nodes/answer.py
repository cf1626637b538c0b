"""The answer node: a text that goes to the end user while it comes into being."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerConfig(NodeConfig):
    """The text, with `{{#node.name#}}` references."""

    type: ClassVar[str] = "answer"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    answer: str

    @property
    def template(self) -> Template:
        """The text, split at its references."""
        return Template.parse(self.answer)

    def outputs(self) -> Mapping[str, ValueType]:
        """The rendered text, and the files among the values that it shows."""
        return {"answer": ValueType.STRING, "files": ValueType.FILES}

    def references(self) -> Iterable[Reference]:
        """The values that the text shows."""
        return [Reference(selector, "answer") for selector in self.template.selectors]
