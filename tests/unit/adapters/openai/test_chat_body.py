"""A chat request in the words of OpenAI's protocol."""

from typing import Any

import orjson

from dify_hex.adapters.openai.chat_body import chat_body
from dify_hex.application.model_provider.ports import (
    ChatImage,
    ChatMessage,
    ChatRequest,
    ChatRole,
    ModelEndpoint,
    ToolCall,
    ToolSchema,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelParameters


def body(message: ChatMessage | None = None, **more: Any) -> dict[str, Any]:
    request = ChatRequest(
        endpoint=ModelEndpoint(provider_kind="openai_compatible", model="m"),
        messages=(message or ChatMessage(role=ChatRole.USER, content="Hi"),),
        parameters=ModelParameters(),
        idempotency_key="key",
        **more,
    )
    written: dict[str, Any] = orjson.loads(chat_body(request))
    return written


def test_text_alone_is_written_plainly() -> None:
    assert body()["messages"] == [{"role": "user", "content": "Hi"}]


def test_images_follow_the_text() -> None:
    image = ChatImage(url="data:image/png;base64,AA==", detail="low")

    message = ChatMessage(role=ChatRole.USER, content="Look", images=(image,))

    assert body(message)["messages"][0]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": image.url, "detail": "low"}},
    ]


def test_images_may_stand_alone() -> None:
    message = ChatMessage(role=ChatRole.USER, content="", images=(ChatImage(url="https://x/y"),))

    assert body(message)["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x/y", "detail": "auto"}}
    ]


def test_a_chosen_tool_has_to_be_called() -> None:
    tool = ToolSchema(name="f", description="Does.", parameters={"type": "object"})

    assert body(tools=(tool,), tool_choice="f")["tool_choice"] == {
        "type": "function",
        "function": {"name": "f"},
    }
    assert "tool_choice" not in body(tools=(tool,))


def test_calls_and_their_answers_are_written_back() -> None:
    called = ChatMessage(
        role=ChatRole.ASSISTANT,
        content="",
        tool_calls=(ToolCall(id="c", name="f", arguments="{}"),),
    )
    answered = ChatMessage(role=ChatRole.TOOL, content="42", tool_call_id="c")

    assert body(called)["messages"][0]["tool_calls"][0]["function"] == {
        "name": "f",
        "arguments": "{}",
    }
    assert body(answered)["messages"] == [{"role": "tool", "content": "42", "tool_call_id": "c"}]


def test_a_schema_is_strict_only_where_it_can_be() -> None:
    closed: JsonObject = {"type": "object", "additionalProperties": False}
    open_: JsonObject = {"type": "object"}

    for schema, strict in ((closed, True), (open_, False)):
        assert body(response_format=schema)["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": strict},
        }
