"""An answer by JSON Schema: asked for, checked, and asked for once more."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ChatRole
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.domain.model_provider.errors import ModelBadRequest, ModelUnavailable
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import AnswerOutOfSchema, AnswerSchemaInvalid
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptMessage,
    PromptRole,
    StructuredOutput,
)
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.scripted_models import ScriptedChatModel, saying

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"age": {"type": "integer"}},
    "required": ["age"],
}
#: Known not to be held to schemas by its provider.
WORDS_ONLY = "gpt-3.5-turbo"


def node(
    model: ScriptedChatModel,
    *,
    schema: JsonObject = SCHEMA,
    name: str = "tiny",
    role: PromptRole = PromptRole.USER,
) -> ModelNode[LlmConfig]:
    config = LlmConfig(
        model=replace(MODEL, model=name),
        prompt=(PromptMessage(role=role, text="How old is Ada?"),),
        structured_output_enabled=True,
        structured_output=StructuredOutput(schema=schema),
    )
    return ModelNode(LlmExecutor, config, model=model, serves=Model(name=name))


async def test_the_provider_is_asked_to_hold_the_model_to_the_schema() -> None:
    call = node(ScriptedChatModel(*saying('{"age":', " 36}")))

    outcome = await call.execute()

    (request,) = call.model.requests
    assert request.response_format == SCHEMA
    assert call.told() == [(ChatRole.USER, "How old is Ada?")]
    assert outcome.outputs["structured_output"] == {"age": 36}
    assert outcome.outputs["text"] == '{"age": 36}'
    assert call.streamed == ['{"age": 36}']


async def test_where_no_provider_does_that_the_model_is_asked_in_words() -> None:
    call = node(ScriptedChatModel(*saying('{"age": 36}')), name=WORDS_ONLY)

    await call.execute()

    (request,) = call.model.requests
    assert request.response_format is None
    (instruction, question) = call.told()
    assert instruction[0] is ChatRole.SYSTEM
    assert '"required": ["age"]' in instruction[1]
    assert question == (ChatRole.USER, "How old is Ada?")


async def test_the_words_are_added_to_a_system_message_that_there_is() -> None:
    call = node(ScriptedChatModel(*saying('{"age": 36}')), name=WORDS_ONLY, role=PromptRole.SYSTEM)

    await call.execute()

    ((role, text),) = call.told()
    assert role is ChatRole.SYSTEM
    assert text.startswith("How old is Ada?\n\nAnswer with one JSON object")


async def test_a_provider_that_refuses_schemas_is_asked_again_in_words() -> None:
    call = node(ScriptedChatModel(ModelBadRequest()).then(*saying('{"age": 36}')))

    outcome = await call.execute()

    refused, asked = call.model.requests
    assert refused.response_format == SCHEMA
    assert asked.response_format is None
    assert (refused.idempotency_key, asked.idempotency_key) == ("key", "key:words")
    assert outcome.outputs["structured_output"] == {"age": 36}


async def test_other_failures_are_not_tried_again_here() -> None:
    call = node(ScriptedChatModel(ModelUnavailable()))

    with pytest.raises(ModelUnavailable):
        await call.execute()


@pytest.mark.parametrize(
    ("said", "misfit"),
    [
        ("She is 36.", "The answer holds no JSON object."),
        ('{"age": "old"}', "age: 'old' is not of type 'integer'"),
        ("{}", "The answer: 'age' is a required property"),
    ],
)
async def test_an_answer_that_does_not_fit_is_repaired_once(said: str, misfit: str) -> None:
    first = saying(said, usage=Usage(prompt_tokens=10, completion_tokens=3))
    second = saying('{"age": 36}', usage=Usage(prompt_tokens=20, completion_tokens=4))
    call = node(ScriptedChatModel(*first).then(*second))

    outcome = await call.execute()

    (asked, answered, told_why) = call.told(1)
    assert asked == (ChatRole.USER, "How old is Ada?")
    assert answered == (ChatRole.ASSISTANT, said)
    assert misfit in told_why[1]
    assert call.model.requests[1].idempotency_key == "key:repair"
    assert outcome.outputs["structured_output"] == {"age": 36}
    assert outcome.usage is not None
    assert (outcome.usage.prompt_tokens, outcome.usage.completion_tokens) == (30, 7)
    assert call.streamed == ['{"age": 36}']


async def test_a_second_answer_that_does_not_fit_fails_the_node() -> None:
    call = node(ScriptedChatModel(*saying("No.")).then(*saying("Never.")))

    with pytest.raises(AnswerOutOfSchema) as refused:
        await call.execute()

    assert refused.value.details["misfits"] == ["The answer holds no JSON object."]
    assert call.streamed == []
    assert len(call.model.requests) == 2


async def test_a_schema_that_is_none_costs_no_call() -> None:
    call = node(ScriptedChatModel(), schema={"type": "object", "properties": 3})

    with pytest.raises(AnswerSchemaInvalid):
        await call.execute()

    assert call.model.requests == []


async def test_thinking_is_no_part_of_the_answer() -> None:
    call = node(ScriptedChatModel(*saying('<think>{"age": 1}?</think>{"age": 36}')))

    outcome = await call.execute()

    assert outcome.outputs["structured_output"] == {"age": 36}
    assert outcome.outputs["reasoning_content"] == '{"age": 1}?'
