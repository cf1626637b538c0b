"""An app's configuration on the wire: what is edited, published and shown."""

from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, StringConstraints, TypeAdapter

from dify_hex.domain.app.configuration import (
    MAX_OPENING_LENGTH,
    MAX_QUESTION_LENGTH,
    MAX_SUGGESTED_QUESTIONS,
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
)
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.input_variable import (
    MAX_LABEL_LENGTH,
    MAX_NUMBER,
    MAX_OPTIONS,
    VariableType,
)
from dify_hex.domain.shared.values.prompt_template import MAX_TEMPLATE_LENGTH, MAX_VARIABLES
from dify_hex.entrypoints.http.envelope import Schema

_Name = Annotated[str, StringConstraints(max_length=200)]
_Text = Annotated[str, StringConstraints(max_length=MAX_TEMPLATE_LENGTH)]
#: What is out of range is a fault of the draft; what is beyond all reason is refused outright.
_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Default = (
    bool
    | Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
    | Annotated[float, Field(allow_inf_nan=False)]
    | _Text
    | None
)


class ModelParametersBody(Schema):
    """Sampling settings; what is left out is the provider's choice."""

    temperature: _Number | None = Field(None, examples=[0.7])
    top_p: _Number | None = None
    max_tokens: _Count | None = Field(None, examples=[512])
    presence_penalty: _Number | None = None
    frequency_penalty: _Number | None = None
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    stop: list[Annotated[str, StringConstraints(max_length=200)]] = Field([], max_length=100)


class ModelBody(Schema):
    """Which model answers, as GET /v1/models lists it."""

    provider: _Name = Field(examples=["local"])
    model: _Name = Field(examples=["smollm2-135m-instruct"])
    parameters: ModelParametersBody = ModelParametersBody()


class VariableBody(Schema):
    """A typed input; `options` belong to a select, `max_length` to text and paragraph."""

    name: _Name = Field(examples=["tone"])
    type: VariableType = VariableType.TEXT
    label: Annotated[str, StringConstraints(max_length=MAX_LABEL_LENGTH)] = ""
    required: bool = True
    default: _Default = None
    max_length: _Count | None = None
    options: list[_Name] = Field([], max_length=MAX_OPTIONS)
    hidden: bool = False


class PromptBody(Schema):
    """The prompt, with `{{ name }}` where a declared variable stands."""

    text: _Text = Field("", examples=["Answer in a {{ tone }} tone."])
    variables: list[VariableBody] = Field([], max_length=MAX_VARIABLES)


class HistoryBody(Schema):
    """How much of the conversation the model is reminded of."""

    max_turns: _Count = 50
    max_tokens: _Count | None = None


class LimitsBody(Schema):
    """The longest query in characters, and how long the model may be silent."""

    max_query_length: _Count = 32_000
    first_token_timeout_seconds: _Number = 60.0
    token_timeout_seconds: _Number = 30.0


class ChatConfigurationBody(Schema):
    """What a chat app does."""

    mode: Literal[AppMode.CHAT]
    model: ModelBody
    prompt: PromptBody = PromptBody()
    opening_statement: Annotated[str, StringConstraints(max_length=MAX_OPENING_LENGTH)] = ""
    suggested_questions: list[Annotated[str, StringConstraints(max_length=MAX_QUESTION_LENGTH)]] = (
        Field([], max_length=MAX_SUGGESTED_QUESTIONS)
    )
    history: HistoryBody = HistoryBody()
    limits: LimitsBody = LimitsBody()

    @classmethod
    def of(cls, configuration: ChatConfiguration) -> Self:
        """The wire form."""
        return cls.model_validate(configuration, from_attributes=True)

    def to_domain(self) -> ChatConfiguration:
        """The configuration."""
        return _CHAT.validate_python(self.model_dump(exclude={"mode"}))


class CompletionConfigurationBody(Schema):
    """What a completion app does."""

    mode: Literal[AppMode.COMPLETION]
    model: ModelBody
    prompt: PromptBody
    limits: LimitsBody = LimitsBody()

    @classmethod
    def of(cls, configuration: CompletionConfiguration) -> Self:
        """The wire form."""
        return cls.model_validate(configuration, from_attributes=True)

    def to_domain(self) -> CompletionConfiguration:
        """The configuration."""
        return _COMPLETION.validate_python(self.model_dump(exclude={"mode"}))


ConfigurationBody = Annotated[
    ChatConfigurationBody | CompletionConfigurationBody, Field(discriminator="mode")
]

_CHAT = TypeAdapter(ChatConfiguration)
_COMPLETION = TypeAdapter(CompletionConfiguration)


def configuration_body(
    configuration: Configuration,
) -> ChatConfigurationBody | CompletionConfigurationBody:
    """A configuration's wire form."""
    match configuration:
        case ChatConfiguration():
            return ChatConfigurationBody.of(configuration)
        case CompletionConfiguration():
            return CompletionConfigurationBody.of(configuration)
        case _:
            assert_never(configuration)
