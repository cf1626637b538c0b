"""The parameter-extractor node: how the model is asked, and what becomes of its answer."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ChatEvent, ChatRole, ToolCallDelta
from dify_hex.application.workflow.nodes.parameter_extractor import ParameterExtractorExecutor
from dify_hex.domain.model_provider.errors import ModelBadRequest, ModelUnavailable
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.nodes.parameter_extractor import (
    ParameterExtractorConfig,
    ReasoningMode,
)
from dify_hex.domain.workflow.prompting.extracted_parameter import (
    ExtractedParameter,
    ParameterType,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, saying

CONFIG = ParameterExtractorConfig(
    query=Selector(SYSTEM, "query"),
    model=MODEL,
    parameters=(
        ExtractedParameter(name="city", type=ParameterType.STRING, required=True),
        ExtractedParameter(name="nights", type=ParameterType.NUMBER),
    ),
    instruction="Only what {{#sys.user_id#}} says.",
)
NOTHING = "The model's answer holds no values. city was not found."
PROMPT = replace(CONFIG, reasoning_mode=ReasoningMode.PROMPT)


def calling(*arguments: str, name: str = "extract_parameters") -> tuple[ChatEvent, ...]:
    pieces = [
        ToolCallDelta(index=0, id="1" if first else None, name=name if first else None, arguments=a)
        for first, a in zip([True, *[False] * len(arguments)], arguments, strict=False)
    ]
    usage = Usage(prompt_tokens=20, completion_tokens=5)
    return (*pieces, *saying(usage=usage))


def node(
    model: ScriptedChatModel,
    config: ParameterExtractorConfig = CONFIG,
    *,
    name: str = MODEL.model,
    memory: KeptMemory | None = None,
) -> ModelNode[ParameterExtractorConfig]:
    config = replace(config, model=replace(MODEL, model=name))
    return ModelNode(
        ParameterExtractorExecutor, config, model=model, memory=memory, serves=Model(name=name)
    )


async def test_values_come_by_a_function_call() -> None:
    call = node(ScriptedChatModel(*calling('{"city": "Pa', 'ris", "nights": "3"}')))

    outcome = await call.execute()

    assert outcome.outputs == {
        "city": "Paris",
        "nights": 3,
        "__is_success": 1,
        "__reason": "",
        "__usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }
    assert outcome.handle == "source"
    assert call.streamed == []


async def test_the_function_takes_what_is_looked_for() -> None:
    call = node(ScriptedChatModel(*calling('{"city": "Paris"}')))

    await call.execute()

    (request,) = call.model.requests
    (tool,) = request.tools
    assert tool.parameters == CONFIG.schema
    assert request.tool_choice == tool.name
    (rules, text) = call.told()
    assert "Only what ada says." in rules[1]
    assert text == (ChatRole.USER, "Hello?")


async def test_the_conversation_stands_with_the_rules() -> None:
    past = KeptMemory(ChatTurn(query="Who?", answer="Me."))
    call = node(
        ScriptedChatModel(*calling("{}")), replace(CONFIG, memory=MemoryWindow()), memory=past
    )

    await call.execute()

    assert call.told()[0][1].endswith("This was said before:\nHuman: Who?\nAssistant: Me.")


async def test_a_model_that_answers_instead_is_understood() -> None:
    call = node(ScriptedChatModel(*saying('Here: {"city": "Paris"}')))

    outcome = await call.execute()

    assert (outcome.outputs["city"], outcome.outputs["nights"]) == ("Paris", 0)
    assert outcome.outputs["__is_success"] == 1


async def test_in_the_mode_prompt_the_model_writes_json() -> None:
    call = node(ScriptedChatModel(*saying('```json\n{"city": "Paris"}\n```')), PROMPT)

    outcome = await call.execute()

    (request,) = call.model.requests
    assert request.tools == ()
    assert '"required": ["city"]' in call.told()[0][1]
    assert outcome.outputs["city"] == "Paris"


async def test_a_model_known_to_call_nothing_writes_json_too() -> None:
    call = node(ScriptedChatModel(*saying('{"city": "Paris"}')), name="smollm2-135m-instruct")

    outcome = await call.execute()

    assert call.model.requests[0].tools == ()
    assert outcome.outputs["city"] == "Paris"


async def test_a_provider_that_refuses_functions_is_asked_in_words() -> None:
    call = node(ScriptedChatModel(ModelBadRequest()).then(*saying('{"city": "Paris"}')))

    outcome = await call.execute()

    refused, asked = call.model.requests
    assert (refused.tool_choice, asked.tool_choice) == ("extract_parameters", None)
    assert (refused.idempotency_key, asked.idempotency_key) == ("key", "key:json")
    assert outcome.outputs["city"] == "Paris"


async def test_a_model_that_only_talks_is_asked_for_json_by_schema() -> None:
    talk = saying("Paris is nice.", usage=Usage(prompt_tokens=10, completion_tokens=3))
    told = saying('{"city": "Paris"}', usage=Usage(prompt_tokens=20, completion_tokens=4))
    call = node(ScriptedChatModel(*talk).then(*told))

    outcome = await call.execute()

    assert call.model.requests[1].response_format == CONFIG.schema
    assert outcome.outputs["city"] == "Paris"
    assert outcome.usage is not None
    assert outcome.usage.total_tokens == 37


async def test_a_provider_that_refuses_schemas_is_asked_without() -> None:
    refusing = ScriptedChatModel(ModelBadRequest()).then(*saying('{"city": "Paris"}'))
    call = node(refusing, PROMPT)

    outcome = await call.execute()

    assert [request.response_format for request in call.model.requests] == [CONFIG.schema, None]
    assert outcome.outputs["city"] == "Paris"


async def test_other_failures_fail_the_node() -> None:
    with pytest.raises(ModelUnavailable):
        await node(ScriptedChatModel(ModelUnavailable())).execute()


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (calling('{"nights": 3}'), "city was not found."),
        (calling('{"city": "Paris", "nights": "few"}'), "nights is no number."),
        (calling("{broken"), NOTHING),
        (
            calling('{"a": 1}', name="other"),
            NOTHING,
        ),
        (saying("I cannot."), NOTHING),
    ],
)
async def test_too_little_is_told_and_does_not_fail_the_node(
    events: tuple[ChatEvent, ...], reason: str
) -> None:
    outcome = await node(ScriptedChatModel(*events)).execute()

    assert outcome.outputs["__is_success"] == 0
    assert outcome.outputs["__reason"] == reason
    assert outcome.outputs["nights"] in {0, 3}
