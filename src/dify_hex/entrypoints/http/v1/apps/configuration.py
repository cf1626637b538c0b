"""An app's configuration on the wire: what is edited, published and shown."""

from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, StringConstraints, TypeAdapter

from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
)
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.input_variable import (
    MAX_LABEL_LENGTH,
    MAX_NUMBER,
    MAX_OPTIONS,
    VariableType,
)
from dify_hex.domain.shared.values.prompt_template import MAX_VARIABLES
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.apps.configuration_fields import (
    Count,
    Name,
    Number,
    Opening,
    Questions,
    Text,
)
from dify_hex.entrypoints.http.v1.apps.flow_configuration import (
    ChatflowConfigurationBody,
    WorkflowConfigurationBody,
)
from dify_hex.entrypoints.http.v1.apps.knowledge_use import KnowledgeUseBody

_Default = (
    bool
    | Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
    | Annotated[float, Field(allow_inf_nan=False)]
    | Text
    | None
)


class ModelParametersBody(Schema):
    """Sampling settings; what is left out is the provider's choice."""

    temperature: Number | None = Field(None, examples=[0.7])
    top_p: Number | None = None
    max_tokens: Count | None = Field(None, examples=[512])
    presence_penalty: Number | None = None
    frequency_penalty: Number | None = None
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    stop: list[Annotated[str, StringConstraints(max_length=200)]] = Field([], max_length=100)


class ModelBody(Schema):
    """Which model answers, as GET /v1/models lists it."""

    provider: Name = Field(examples=["local"])
    model: Name = Field(examples=["smollm2-135m-instruct"])
    parameters: ModelParametersBody = ModelParametersBody()


class VariableBody(Schema):
    """A typed input; `options` belong to a select, `max_length` to text and paragraph."""

    name: Name = Field(examples=["tone"])
    type: VariableType = VariableType.TEXT
    label: Annotated[str, StringConstraints(max_length=MAX_LABEL_LENGTH)] = ""
    required: bool = True
    default: _Default = None
    max_length: Count | None = None
    options: list[Name] = Field([], max_length=MAX_OPTIONS)
    hidden: bool = False


class PromptBody(Schema):
    """The prompt, with `{{ name }}` where a declared variable stands."""

    text: Text = Field("", examples=["Answer in a {{ tone }} tone."])
    variables: list[VariableBody] = Field([], max_length=MAX_VARIABLES)


class HistoryBody(Schema):
    """How much of the conversation the model is reminded of."""

    max_turns: Count = 50
    max_tokens: Count | None = None


class LimitsBody(Schema):
    """The longest query in characters, and how long the model may be silent."""

    max_query_length: Count = 32_000
    first_token_timeout_seconds: Number = 60.0
    token_timeout_seconds: Number = 30.0


class ChatConfigurationBody(Schema):
    """What a chat app does."""

    mode: Literal[AppMode.CHAT]
    model: ModelBody
    prompt: PromptBody = PromptBody()
    opening_statement: Opening = ""
    suggested_questions: Questions = Field([])
    history: HistoryBody = HistoryBody()
    knowledge: KnowledgeUseBody | None = Field(
        None, description="The Knowledge that is searched for what the end user says."
    )
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
    knowledge: KnowledgeUseBody | None = Field(
        None, description="The Knowledge that is searched for the value of a variable."
    )
    limits: LimitsBody = LimitsBody()

    @classmethod
    def of(cls, configuration: CompletionConfiguration) -> Self:
        """The wire form."""
        return cls.model_validate(configuration, from_attributes=True)

    def to_domain(self) -> CompletionConfiguration:
        """The configuration."""
        return _COMPLETION.validate_python(self.model_dump(exclude={"mode"}))


ShownConfiguration = (
    ChatConfigurationBody
    | CompletionConfigurationBody
    | ChatflowConfigurationBody
    | WorkflowConfigurationBody
)
ConfigurationBody = Annotated[ShownConfiguration, Field(discriminator="mode")]

_CHAT = TypeAdapter(ChatConfiguration)
_COMPLETION = TypeAdapter(CompletionConfiguration)


def configuration_body(configuration: Configuration) -> ShownConfiguration:
    """A configuration's wire form."""
    match configuration:
        case ChatConfiguration():
            return ChatConfigurationBody.of(configuration)
        case CompletionConfiguration():
            return CompletionConfigurationBody.of(configuration)
        case ChatflowConfiguration():
            return ChatflowConfigurationBody.of(configuration)
        case WorkflowConfiguration():
            return WorkflowConfigurationBody.of(configuration)
        case _:
            assert_never(configuration)
