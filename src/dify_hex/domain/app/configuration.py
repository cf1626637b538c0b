"""What an app does when somebody talks to it: one tree of values per mode."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.app.errors import AppInputsInvalid, AppModeUnsupported
from dify_hex.domain.app.mode import OFFERED_MODES, AppMode
from dify_hex.domain.app.model_faults import model_faults
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.input_variable import InputValue, InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.prompt_template import PromptTemplate, TemplateReading

MAX_OPENING_LENGTH = 10_000
MAX_SUGGESTED_QUESTIONS = 20
MAX_QUESTION_LENGTH = 1_000
MAX_HISTORY_TURNS = 200
MAX_HISTORY_TOKENS = 1_000_000
MAX_QUERY_LENGTH = 200_000
MAX_TIMEOUT_SECONDS = 600.0


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
        if not 0 <= self.max_turns <= MAX_HISTORY_TURNS:
            yield _out_of_range(f"{path}.max_turns", 0, MAX_HISTORY_TURNS)
        if self.max_tokens is not None and not 1 <= self.max_tokens <= MAX_HISTORY_TOKENS:
            yield _out_of_range(f"{path}.max_tokens", 1, MAX_HISTORY_TOKENS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a query may be (in characters), and how long the model may be silent."""

    max_query_length: int = 32_000
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        if not 1 <= self.max_query_length <= MAX_QUERY_LENGTH:
            yield _out_of_range(f"{path}.max_query_length", 1, MAX_QUERY_LENGTH)
        if not 1 <= self.first_token_timeout_seconds <= MAX_TIMEOUT_SECONDS:
            yield _out_of_range(f"{path}.first_token_timeout_seconds", 1, MAX_TIMEOUT_SECONDS)
        if not 1 <= self.token_timeout_seconds <= MAX_TIMEOUT_SECONDS:
            yield _out_of_range(f"{path}.token_timeout_seconds", 1, MAX_TIMEOUT_SECONDS)


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
    limits: Limits = field(default_factory=Limits)

    def faults(self, reading: TemplateReading) -> list[Fault]:
        """Everything that keeps this from being published, given what the prompt uses."""
        return [
            *model_faults(self.model, "model"),
            *self.prompt.faults("prompt", reading),
            *self._opening_faults(),
            *self.history.faults("history"),
            *self.limits.faults("limits"),
        ]

    def read_request(self, query: str, inputs: JsonObject) -> Mapping[str, InputValue]:
        """A value for every variable of the prompt.

        Raises:
            AppInputsInvalid: with everything that is wrong with the query and the inputs.
        """
        reading = self.prompt.read_inputs(inputs)
        faults = [*self._query_faults(query), *reading.faults]
        if faults:
            raise AppInputsInvalid(faults)
        return reading.values

    def _query_faults(self, query: str) -> Iterator[Fault]:
        if not query.strip():
            yield Fault(code="query_missing", path="query", message="Say something to the app.")
        limit = self.limits.max_query_length
        if len(query) > limit:
            yield Fault(
                code="query_too_long",
                path="query",
                message=f"Use at most {limit} characters, not {len(query)}.",
            )

    def _opening_faults(self) -> Iterator[Fault]:
        if len(self.opening_statement) > MAX_OPENING_LENGTH:
            yield Fault(
                code="opening_statement_too_long",
                path="opening_statement",
                message=f"Use at most {MAX_OPENING_LENGTH} characters.",
            )
        if len(self.suggested_questions) > MAX_SUGGESTED_QUESTIONS:
            yield Fault(
                code="suggested_questions_too_many",
                path="suggested_questions",
                message=f"Suggest at most {MAX_SUGGESTED_QUESTIONS} questions.",
            )
        for index, question in enumerate(self.suggested_questions):
            if not question.strip() or len(question) > MAX_QUESTION_LENGTH:
                yield Fault(
                    code="suggested_question_invalid",
                    path=f"suggested_questions[{index}]",
                    message=f"Use from 1 to {MAX_QUESTION_LENGTH} characters.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionConfiguration:
    """One text out of some inputs: the filled prompt is all that the model is told."""

    mode: ClassVar[AppMode] = AppMode.COMPLETION

    model: ModelConfig
    prompt: PromptTemplate
    limits: Limits = field(default_factory=Limits)

    def faults(self, reading: TemplateReading) -> list[Fault]:
        """Everything that keeps this from being published, given what the prompt uses."""
        faults = [
            *model_faults(self.model, "model"),
            *self.prompt.faults("prompt", reading),
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


Configuration = ChatConfiguration | CompletionConfiguration


def first_configuration(mode: AppMode, model: ModelConfig) -> Configuration:
    """What a new app begins with: it can be published as it is.

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


def _out_of_range(path: str, lowest: float, highest: float) -> Fault:
    return Fault(
        code="limit_out_of_range",
        path=path,
        message=f"Use a value from {lowest:g} to {highest:g}.",
    )
