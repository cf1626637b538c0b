"""The question-classifier node: what the model is asked, and by which exit the run goes on."""

import json
from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ChatRole
from dify_hex.application.workflow.nodes.question_classifier import QuestionClassifierExecutor
from dify_hex.domain.model_provider.errors import ModelBadRequest
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import QuestionUnclassified
from dify_hex.domain.workflow.nodes.question_classifier import (
    QuestionClass,
    QuestionClassifierConfig,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow, RolePrefix, Vision
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.kept_contents import KeptContents
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, saying

CONFIG = QuestionClassifierConfig(
    query_variable_selector=Selector(SYSTEM, "query"),
    model=MODEL,
    classes=(
        QuestionClass(id="1", name="Greeting", label="Hello"),
        QuestionClass(id="2", name="About {{#start.product#}}"),
    ),
)
ANSWER = saying('{"class_id": "2"}', usage=Usage(prompt_tokens=30, completion_tokens=4))


def node(
    model: ScriptedChatModel,
    config: QuestionClassifierConfig = CONFIG,
    memory: KeptMemory | None = None,
) -> ModelNode[QuestionClassifierConfig]:
    return ModelNode(
        QuestionClassifierExecutor,
        config,
        model=model,
        memory=memory,
        values={"start": {"product": "lamps"}},
    )


async def test_the_run_goes_on_by_the_exit_of_the_class() -> None:
    call = node(ScriptedChatModel(*ANSWER))

    outcome = await call.execute()

    assert outcome.handle == "2"
    assert outcome.outputs == {
        "class_name": "About lamps",
        "class_label": "About lamps",
        "class_id": "2",
        "usage": {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34},
    }
    assert call.streamed == []


async def test_a_class_may_have_a_label() -> None:
    outcome = await node(ScriptedChatModel(*saying("Greeting"))).execute()

    assert outcome.outputs["class_label"] == "Hello"


async def test_the_model_is_told_the_text_and_the_classes_as_data() -> None:
    call = node(ScriptedChatModel(*ANSWER))

    await call.execute()

    (_, (role, asked)) = call.told()
    assert role is ChatRole.USER
    assert json.loads(asked) == {
        "text": "Hello?",
        "classes": [
            {"class_id": "1", "class_name": "Greeting"},
            {"class_id": "2", "class_name": "About lamps"},
        ],
    }


async def test_its_provider_holds_the_model_to_the_classes() -> None:
    call = node(ScriptedChatModel(*ANSWER))

    await call.execute()

    (request,) = call.model.requests
    assert request.response_format == {
        "type": "object",
        "properties": {"class_id": {"type": "string", "enum": ["1", "2"]}},
        "required": ["class_id"],
        "additionalProperties": False,
    }


async def test_a_provider_that_refuses_schemas_is_asked_without() -> None:
    call = node(ScriptedChatModel(ModelBadRequest()).then(*ANSWER))

    outcome = await call.execute()

    assert call.model.requests[1].response_format is None
    assert outcome.handle == "2"


async def test_instruction_and_conversation_stand_with_the_rules() -> None:
    config = replace(
        CONFIG,
        instruction="Questions on {{#start.product#}} first.",
        memory=MemoryWindow(role_prefix=RolePrefix(user="Guest", assistant="Host")),
    )
    past = KeptMemory(ChatTurn(query="Who?", answer="Me."))
    call = node(ScriptedChatModel(*ANSWER), config, past)

    await call.execute()

    ((role, rules), _) = call.told()
    assert role is ChatRole.SYSTEM
    assert rules.endswith(
        "Mind also:\nQuestions on lamps first.\n\nThis was said before:\nGuest: Who?\nHost: Me."
    )


async def test_images_are_shown_with_the_text() -> None:
    picture = FileReference(
        type=FileKind.IMAGE,
        transfer_method=TransferMethod.REMOTE_URL,
        name="cat.png",
        extension=".png",
        mime_type="image/png",
        url="https://pictures.example/cat.png",
    )
    call = ModelNode(
        QuestionClassifierExecutor,
        replace(CONFIG, vision=Vision(enabled=True)),
        model=ScriptedChatModel(*ANSWER),
        values={"start": {"product": "lamps"}, "sys": {"files": [picture.to_json()]}},
        files=KeptContents({}),
    )

    await call.execute()

    (image,) = call.model.requests[0].messages[-1].images
    assert image.url.startswith("data:image/png;base64,")


async def test_an_answer_that_names_no_class_is_asked_for_once_more() -> None:
    lost = saying("Hard to say.", usage=Usage(prompt_tokens=5, completion_tokens=3))
    call = node(ScriptedChatModel(*lost).then(*ANSWER))

    outcome = await call.execute()

    assert call.told(1)[-2:] == [
        (ChatRole.ASSISTANT, "Hard to say."),
        (
            ChatRole.USER,
            (
                "That names none of the classes. Answer with one JSON object and nothing else, "
                "whose class_id is one of: 1, 2"
            ),
        ),
    ]
    assert [request.idempotency_key for request in call.model.requests] == ["key", "key:repair"]
    assert outcome.handle == "2"
    assert outcome.usage is not None
    assert outcome.usage.total_tokens == 42


async def test_a_second_answer_without_a_class_fails_the_node() -> None:
    call = node(ScriptedChatModel(*saying("Hard to say.")).then(*saying("x" * 500)))

    with pytest.raises(QuestionUnclassified) as refused:
        await call.execute()

    assert refused.value.details == {"answer": "x" * 200}


async def test_thinking_chooses_nothing() -> None:
    call = node(ScriptedChatModel(*saying("<think>Greeting?</think>About lamps")))

    assert (await call.execute()).handle == "2"
