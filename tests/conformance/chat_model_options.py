"""What a chat model passes on of a request, besides its words."""

from dataclasses import replace

from dify_hex.application.model_provider.ports import (
    ChatImage,
    ChatMessage,
    ChatModel,
    ChatRole,
    ModelEndpoint,
    ToolSchema,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from tests.conformance.chat_model import a_request, events_of
from tests.fakes.running_model_server import RunningModelServer


class ChatModelOptionsConformance:
    """Subclasses give the fixtures `chat_model` and `endpoint`, of a provider that takes all."""

    async def test_a_tool_can_be_chosen_for_the_model(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        tool = ToolSchema(name="weather", description="", parameters={"type": "object"})
        request = replace(a_request(endpoint, tools=(tool,)), tool_choice="weather")

        await events_of(chat_model, request)

        (asked,) = model_server.requests
        assert asked.body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}

    async def test_a_schema_for_the_answer_is_passed_on(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        schema: JsonObject = {"type": "object", "properties": {"age": {"type": "integer"}}}

        await events_of(chat_model, replace(a_request(endpoint), response_format=schema))

        (asked,) = model_server.requests
        assert asked.body["response_format"]["json_schema"]["schema"] == schema

    async def test_images_are_shown_beside_the_text(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        image = ChatImage(url="data:image/png;base64,iVBORw0KGgo=", detail="low")
        message = ChatMessage(role=ChatRole.USER, content="What is this?", images=(image,))

        await events_of(chat_model, replace(a_request(endpoint), messages=(message,)))

        (asked,) = model_server.requests
        assert asked.question == "What is this?"
        assert asked.messages[0]["content"] == [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": image.url, "detail": "low"}},
        ]

    async def test_the_trace_goes_along(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        trace = f"00-{'a' * 32}-{'b' * 16}-01"

        await events_of(chat_model, replace(a_request(endpoint), traceparent=trace))
        await events_of(chat_model, a_request(endpoint))

        assert [asked.traceparent for asked in model_server.requests] == [trace, None]
