"""Writes a chat request as LiteLLM takes it, which is much as OpenAI's protocol has it."""

from typing import Any

from dify_hex.application.model_provider.ports import ChatMessage, ChatRequest
from dify_hex.application.model_provider.strict_schema import is_strict

#: Behind our own limits, for what never reaches our connections.
_SLACK_SECONDS = 30.0


def chat_arguments(request: ChatRequest) -> dict[str, Any]:
    """The arguments of a streamed completion, but for those that say where."""
    arguments: dict[str, Any] = {
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "timeout": request.first_token_timeout + request.token_timeout + _SLACK_SECONDS,
        "extra_headers": _headers(request),
        # Tools are tools, also where a package for another kind of them is missing.
        "_skip_mcp_handler": True,
        **_parameters(request),
    }
    if request.tools:
        arguments["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    if request.tool_choice is not None:
        arguments["tool_choice"] = {"type": "function", "function": {"name": request.tool_choice}}
    if request.response_format is not None:
        arguments["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "schema": request.response_format,
                "strict": is_strict(request.response_format),
            },
        }
    return arguments


def _headers(request: ChatRequest) -> dict[str, str]:
    traced = {} if request.traceparent is None else {"traceparent": request.traceparent}
    own = {"idempotency-key": request.idempotency_key, **traced}
    return own | dict(request.endpoint.headers)


def _message(message: ChatMessage) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role.value, "content": _content(message)}
    if message.tool_calls:
        written["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        written["tool_call_id"] = message.tool_call_id
    return written


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    images = [
        {"type": "image_url", "image_url": {"url": image.url, "detail": image.detail}}
        for image in message.images
    ]
    return [{"type": "text", "text": message.content}, *images] if message.content else images


def _parameters(request: ChatRequest) -> dict[str, Any]:
    given = request.parameters
    written: dict[str, Any] = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "max_tokens": given.max_tokens,
        "presence_penalty": given.presence_penalty,
        "frequency_penalty": given.frequency_penalty,
        "seed": given.seed,
        "stop": list(given.stop) or None,
    }
    return {name: value for name, value in written.items() if value is not None}
