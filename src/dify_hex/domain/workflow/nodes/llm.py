"""The llm node: one call of a language model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.nodes.node_config import NodeConfig, Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType


class PromptRole(StrEnum):
    """Who is made to say a prompt message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class PromptSyntax(StrEnum):
    """How variables are written in a prompt.

    `INPUTS` is an app's own `{{name}}` over the start node's variables, `SELECTORS` a graph's
    `{{#node.name#}}`.
    """

    INPUTS = "inputs"
    SELECTORS = "selectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a prompt, before its variables have values."""

    role: PromptRole
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryWindow:
    """How much of the conversation the model is reminded of.

    `max_tokens` None leaves as much as the model's window has room for.
    """

    max_turns: int = 50
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmConfig(NodeConfig):
    """Which model is called with which prompt; `query` is appended as the user's last words."""

    type: ClassVar[str] = "llm"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    model: ModelConfig
    prompt: tuple[PromptMessage, ...]
    syntax: PromptSyntax = PromptSyntax.SELECTORS
    query: Selector | None = None
    memory: MemoryWindow | None = None
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    def outputs(self) -> Mapping[str, ValueType]:
        """The model's text, why it ended, and what it cost."""
        return {
            "text": ValueType.STRING,
            "finish_reason": ValueType.STRING,
            "usage": ValueType.OBJECT,
        }

    def references(self) -> Iterable[Reference]:
        """The query and whatever the prompt shows."""
        if self.query is not None:
            yield Reference(self.query, "query")
        if self.syntax is PromptSyntax.SELECTORS:
            for index, message in enumerate(self.prompt):
                for selector in Template.parse(message.text).selectors:
                    yield Reference(selector, f"prompt.{index}.text")
