"""The answer node: a text that goes to the end user while it comes into being."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerConfig:
    """The text, with `{{#node.name#}}` references."""

    type: ClassVar[str] = "answer"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    answer: str

    @property
    def template(self) -> Template:
        """The text, split at its references."""
        return Template.parse(self.answer)

    def outputs(self) -> frozenset[str]:
        """The names that other nodes can select."""
        return frozenset({"answer"})

    def selectors(self) -> tuple[Selector, ...]:
        """The values this node needs."""
        return self.template.selectors
