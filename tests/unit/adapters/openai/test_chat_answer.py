"""What the chunks of a completion say, and what they must not say."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from dify_hex.adapters.openai.chat_answer import ChatAnswer
from dify_hex.application.model_provider.ports import (
    ChatFinished,
    ModelEndpoint,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from dify_hex.domain.model_provider.errors import (
    ModelRateLimited,
    ModelStreamCut,
    ModelUnavailable,
)
from dify_hex.domain.shared.values.usage import Usage


@pytest.fixture
def answer() -> ChatAnswer:
    return ChatAnswer(ModelEndpoint(provider_kind="openai", model="m"))


def chunks(*deltas: dict[str, Any], finish: str | None = None) -> Iterator[bytes]:
    for delta in deltas:
        yield orjson.dumps({"choices": [{"delta": delta, "finish_reason": finish}]})


def test_text_that_came_together_is_one_event(answer: ChatAnswer) -> None:
    events = answer.read(chunks({"role": "assistant", "content": "a"}, {"content": "b"}))

    assert events == [TextDelta("ab")]


def test_thinking_stands_before_the_text_of_its_chunk(answer: ChatAnswer) -> None:
    events = answer.read(
        chunks({"content": "a"}, {"content": "b", "reasoning_content": "hm"}, {"content": "c"})
    )

    assert events == [TextDelta("a"), ReasoningDelta("hm"), TextDelta("bc")]


def test_pieces_of_tool_calls_keep_their_places(answer: ChatAnswer) -> None:
    first = {"index": 1, "id": "c1", "function": {"name": "f", "arguments": "{"}}
    second = {"function": {"arguments": "}"}}

    assert answer.read(chunks({"tool_calls": [first, second]})) == [
        ToolCallDelta(index=1, id="c1", name="f", arguments="{"),
        ToolCallDelta(index=1, id=None, name=None, arguments="}"),
    ]


def test_an_answer_given_whole_is_read_too(answer: ChatAnswer) -> None:
    whole = orjson.dumps(
        {
            "choices": [{"message": {"content": "all"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        }
    )

    assert answer.read(iter([whole])) == [TextDelta("all")]
    assert answer.end() == ChatFinished(
        finish_reason="stop", usage=Usage(prompt_tokens=3, completion_tokens=1)
    )


def test_done_alone_ends_an_answer(answer: ChatAnswer) -> None:
    answer.read(iter([b"[DONE]", b"what follows is not read"]))

    assert answer.done
    assert answer.end() == ChatFinished(finish_reason="stop", usage=None)


def test_a_finish_reason_alone_ends_an_answer(answer: ChatAnswer) -> None:
    answer.read(chunks({}, finish="length"))

    assert answer.finished
    assert not answer.done
    assert answer.end().finish_reason == "length"


def test_without_either_the_answer_was_cut(answer: ChatAnswer) -> None:
    answer.read(chunks({"content": "a"}))

    with pytest.raises(ModelStreamCut):
        answer.end()


@pytest.mark.parametrize(
    "chunk",
    [
        b"{",
        b"[]",
        b"7",
        b"null",
        b'{"choices": {}}x',
        b'{"choices": 7}',
        b'{"choices": [7]}',
        b'{"choices": [{"delta": {"content": 7}}]}',
        b'{"choices": [{"delta": {"content": ["a"]}}]}',
        b'{"choices": [{"delta": {"tool_calls": 7}}]}',
        b'{"choices": [{"delta": {"tool_calls": [7]}}]}',
        b'{"choices": [{"delta": {"tool_calls": [{"index": "x"}]}}]}',
        b'{"choices": [], "usage": {"prompt_tokens": "many"}}',
        b"[" * 3000,
    ],
)
def test_what_the_protocol_does_not_know_breaks_the_answer_off(
    answer: ChatAnswer, chunk: bytes
) -> None:
    with pytest.raises(ModelStreamCut):
        answer.read(iter([chunk]))


@pytest.mark.parametrize("chunk", [b"{}", b'{"choices": []}', b'{"choices": [{}], "error": null}'])
def test_chunks_that_say_nothing_say_nothing(answer: ChatAnswer, chunk: bytes) -> None:
    assert answer.read(iter([chunk])) == []


def test_a_failure_reported_in_the_stream_is_told_by_its_kind(answer: ChatAnswer) -> None:
    with pytest.raises(ModelRateLimited):
        answer.read(iter([b'{"error": {"code": 429, "message": "slow down"}}']))
    with pytest.raises(ModelUnavailable):
        answer.read(iter([b'{"error": "broken"}']))
