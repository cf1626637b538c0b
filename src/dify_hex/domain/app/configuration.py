"""What an app does when somebody talks to it: one tree of values per mode."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.app.errors import AppInputsInvalid, AppModeUnsupported
from dify_hex.domain.app.flow_configuration import FlowConfiguration
from dify_hex.domain.app.knowledge_use import KnowledgeUse
from dify_hex.domain.app.limits import Limits, query_faults, range_faults
from dify_hex.domain.app.mode import OFFERED_MODES, AppMode
from dify_hex.domain.app.model_faults import model_faults
from dify_hex.domain.app.opening_words import opening_faults
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.input_variable import InputValue, InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.prompt_template import PromptTemplate, TemplateReading

MAX_HISTORY_TURNS = 200
MAX_HISTORY_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWindow:
    """How much of the conversation the model is reminded of.

    `max_tokens` None leaves as much as the model's window has room for; no turns means that
    every message stands alone.
    """

    max_turns: int = 50
    max_tokens: int | None = None

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        yield from range_faults(f"{path}.max_turns", self.max_turns, MAX_HISTORY_TURNS, 0)
        yield from range_faults(f"{path}.max_tokens", self.max_tokens, MAX_HISTORY_TOKENS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfiguration:
    """A conversation: the prompt tells the model who it is, the history what was said.

    The opening statement and the suggested questions are what a client shows before the first
    message; the model never sees them.
    """

    mode: ClassVar[AppMode] = AppMode.CHAT

    model: ModelConfig
    prompt: PromptTemplate = field(default_factory=PromptTemplate)
    opening_statement: str = ""
    suggested_questions: tuple[str, ...] = ()
    history: HistoryWindow = field(default_factory=HistoryWindow)
    knowledge: KnowledgeUse | None = None
    limits: Limits = field(default_factory=Limits)

    def faults(self, reading: TemplateReading) -> list[Fault]:
        """Everything that keeps this from being published, given what the prompt uses."""
        return [
            *model_faults(self.model, "model"),
            *self.prompt.faults("prompt", reading),
            *opening_faults(self.opening_statement, self.suggested_questions),
            *self.history.faults("history"),
            *_knowledge_faults(self.knowledge),
            *self.limits.faults("limits"),
        ]

    def read_request(self, query: str, inputs: JsonObject) -> Mapping[str, InputValue]:
        """A value for every variable of the prompt.

        Raises:
            AppInputsInvalid: with everything that is wrong with the query and the inputs.
        """
        reading = self.prompt.read_inputs(inputs)
        faults = [*query_faults(query, self.limits.max_query_length), *reading.faults]
        if faults:
            raise AppInputsInvalid(faults)
        return reading.values


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionConfiguration:
    """One text out of some inputs: the filled prompt is all that the model is told."""

    mode: ClassVar[AppMode] = AppMode.COMPLETION

    model: ModelConfig
    prompt: PromptTemplate
    knowledge: KnowledgeUse | None = None
    limits: Limits = field(default_factory=Limits)

    def faults(self, reading: TemplateReading) -> list[Fault]:
        """Everything that keeps this from being published, given what the prompt uses."""
        faults = [
            *model_faults(self.model, "model"),
            *self.prompt.faults("prompt", reading),
            *_knowledge_faults(self.knowledge),
            *self._query_faults(),
            *self.limits.faults("limits"),
        ]
        if not self.prompt.text.strip():
            faults.append(
                Fault(
                    code="prompt_missing",
                    path="prompt.text",
                    message="Write the prompt; without it the model is told nothing.",
                )
            )
        return faults

    def _query_faults(self) -> Iterator[Fault]:
        names = [variable.name for variable in self.prompt.variables]
        if self.knowledge is not None and self.knowledge.query_variable not in names:
            yield Fault(
                code="knowledge_query_unknown",
                path="knowledge.query_variable",
                message="Name the variable of the prompt whose value is searched for.",
            )

    def read_request(self, query: str, inputs: JsonObject) -> Mapping[str, InputValue]:
        """A value for every variable of the prompt; a query has no place in it.

        Raises:
            AppInputsInvalid: with everything that is wrong with the query and the inputs.
        """
        reading = self.prompt.read_inputs(inputs)
        faults = list(reading.faults)
        if query:
            faults.append(
                Fault(
                    code="query_unexpected",
                    path="query",
                    message="A completion app takes inputs only; give the text to a variable.",
                )
            )
        if faults:
            raise AppInputsInvalid(faults)
        return reading.values


def _knowledge_faults(knowledge: KnowledgeUse | None) -> Iterator[Fault]:
    if knowledge is not None:
        yield from knowledge.faults("knowledge")


#: What stands on a prompt, and runs as a graph that is built in.
PromptConfiguration = ChatConfiguration | CompletionConfiguration
Configuration = PromptConfiguration | FlowConfiguration


def first_prompt(mode: AppMode, model: ModelConfig) -> PromptConfiguration:
    """What a new app that stands on a prompt begins with: it can be published as it is.

    Raises:
        AppModeUnsupported: apps of this mode are not offered.
    """
    match mode:
        case AppMode.CHAT:
            return ChatConfiguration(model=model)
        case AppMode.COMPLETION:
            text = InputVariable(name="text", type=VariableType.PARAGRAPH, label="Text")
            return CompletionConfiguration(
                model=model, prompt=PromptTemplate(text="{{ text }}", variables=(text,))
            )
        case _:
            raise AppModeUnsupported(mode=mode.value, offered=[*map(str, OFFERED_MODES)])
