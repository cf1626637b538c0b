"""The llm node: one call of a language model."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.prompting.context import CONTEXT_SLOT, HISTORY_SLOT
from dify_hex.domain.workflow.prompting.model_settings import (
    MemoryWindow,
    Vision,
    memory_and_vision_faults,
    vision_references,
)
from dify_hex.domain.workflow.prompting.reasoning import ReasoningFormat
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType

#: Bytes of a JSON Schema that an answer has to satisfy.
MAX_SCHEMA_BYTES = 64 << 10


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


class PromptEdition(StrEnum):
    """Which text of a prompt message counts: its own, or the one in Jinja2."""

    BASIC = "basic"
    JINJA2 = "jinja2"


class PromptMode(StrEnum):
    """Whether the prompt is a dialogue, or one text that the model continues."""

    CHAT = "chat"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a prompt, before its variables have values."""

    role: PromptRole
    text: str
    edition_type: PromptEdition = PromptEdition.BASIC
    jinja2_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVariable:
    """A name that the prompt's Jinja2 uses, and where its value is."""

    variable: str
    value_selector: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptConfig:
    """The names that Jinja2 texts of the prompt may use."""

    jinja2_variables: tuple[PromptVariable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSlot:
    """What the prompt shows at `{{#context#}}`."""

    enabled: bool = False
    variable_selector: Selector | None = None

    @property
    def selector(self) -> Selector | None:
        """Where the context is; None when none is bound."""
        return self.variable_selector if self.enabled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredOutput:
    """The JSON Schema of an object that the answer has to be."""

    schema: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmConfig(NodeConfig):
    """Which model is called with which prompt; `query` is appended as the user's last words."""

    type: ClassVar[str] = "llm"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    model: ModelConfig
    prompt: tuple[PromptMessage, ...]
    mode: PromptMode = PromptMode.CHAT
    syntax: PromptSyntax = PromptSyntax.SELECTORS
    prompt_config: PromptConfig = field(default_factory=PromptConfig)
    query: Selector | None = None
    memory: MemoryWindow | None = None
    context: ContextSlot = field(default_factory=ContextSlot)
    vision: Vision = field(default_factory=Vision)
    structured_output_enabled: bool = False
    structured_output: StructuredOutput | None = None
    reasoning_format: ReasoningFormat = ReasoningFormat.SEPARATED
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    @property
    def wanted_schema(self) -> JsonObject | None:
        """What the answer has to satisfy; None for free text."""
        if not self.structured_output_enabled or self.structured_output is None:
            return None
        return self.structured_output.schema

    @property
    def uses_jinja2(self) -> bool:
        """Whether any message of the prompt is written in Jinja2."""
        return any(message.edition_type is PromptEdition.JINJA2 for message in self.prompt)

    def outputs(self) -> Mapping[str, ValueType]:
        """The model's text and thinking, why it ended, and what it cost."""
        outputs = {
            "text": ValueType.STRING,
            "reasoning_content": ValueType.STRING,
            "finish_reason": ValueType.STRING,
            "usage": ValueType.OBJECT,
        }
        if self.structured_output_enabled:
            outputs["structured_output"] = ValueType.OBJECT
        return outputs

    def references(self) -> Iterable[Reference]:
        """The query, and whatever the prompt, the memory and the images show."""
        if self.query is not None:
            yield Reference(self.query, "query")
        yield from _prompt_references(self)
        if self.context.selector is not None:
            yield Reference(
                self.context.selector,
                "context.variable_selector",
                accepts=ARRAYS | {ValueType.STRING},
            )
        if self.memory is not None:
            for selector in Template.parse(self.memory.query_prompt_template).selectors:
                yield Reference(selector, "memory.query_prompt_template")
        yield from vision_references(self.vision)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the call from being made."""
        yield from _mode_faults(self)
        yield from _context_faults(self)
        yield from _schema_faults(self)
        yield from memory_and_vision_faults(self)


def _prompt_references(config: LlmConfig) -> Iterable[Reference]:
    for index, message in enumerate(config.prompt):
        basic = message.edition_type is PromptEdition.BASIC
        if basic and config.syntax is PromptSyntax.SELECTORS:
            for selector in Template.parse(message.text).selectors:
                yield Reference(selector, f"prompt.{index}.text")
    if config.uses_jinja2:
        for index, variable in enumerate(config.prompt_config.jinja2_variables):
            place = f"prompt_config.jinja2_variables.{index}.value_selector"
            yield Reference(variable.value_selector, place)


def _mode_faults(config: LlmConfig) -> Iterable[ConfigFault]:
    if config.mode is PromptMode.COMPLETION:
        if len(config.prompt) != 1:
            yield ConfigFault(
                code="completion_prompt",
                field="prompt",
                message="In completion mode the prompt is exactly one text; join its messages.",
            )
        return
    for index, message in enumerate(config.prompt):
        if config.syntax is PromptSyntax.SELECTORS and HISTORY_SLOT in message.text:
            yield ConfigFault(
                code="history_slot",
                field=f"prompt.{index}.text",
                message=f"Only a completion has a place for {HISTORY_SLOT}; remove it, for a chat "
                "shows its memory as messages.",
            )


def _context_faults(config: LlmConfig) -> Iterable[ConfigFault]:
    if config.context.enabled and config.context.variable_selector is None:
        yield ConfigFault(
            code="context_unselected",
            field="context.variable_selector",
            message="The context is enabled, but no variable says what it is; select one.",
        )
    if config.context.enabled:
        return
    for index, message in enumerate(config.prompt):
        if config.syntax is PromptSyntax.SELECTORS and CONTEXT_SLOT in message.text:
            yield ConfigFault(
                code="context_unbound",
                field=f"prompt.{index}.text",
                message=f"The prompt shows {CONTEXT_SLOT}, but no context is bound; enable it "
                "and select a variable, or remove the slot.",
            )


def _schema_faults(config: LlmConfig) -> Iterable[ConfigFault]:
    if not config.structured_output_enabled:
        return
    schema = config.wanted_schema
    if schema is None:
        yield _schema_fault("Structured output is enabled without a JSON Schema; give one.")
    elif schema.get("type") != "object":
        yield _schema_fault('The JSON Schema must describe an object; set its type to "object".')
    elif len(json.dumps(schema).encode()) > MAX_SCHEMA_BYTES:
        yield _schema_fault(f"The JSON Schema is larger than {MAX_SCHEMA_BYTES} bytes; shorten it.")


def _schema_fault(message: str) -> ConfigFault:
    return ConfigFault(
        code="structured_output_schema", field="structured_output.schema", message=message
    )
