"""What a model has said, event by event."""

from dify_hex.application.model_provider.ports import ChatFinished, TextDelta, ToolCallDelta
from dify_hex.application.workflow.prompting.model_answer import ModelAnswer
from dify_hex.domain.workflow.prompting.reasoning import SeparatedReasoning
from tests.builders.node_context import context_of


def answer() -> ModelAnswer:
    return ModelAnswer(context_of(), SeparatedReasoning())


def call(index: int, arguments: str, name: str | None = None) -> ToolCallDelta:
    return ToolCallDelta(index=index, id=None, name=name, arguments=arguments)


def test_calls_that_come_interleaved_are_kept_apart() -> None:
    said = answer()

    for delta in (call(0, "{", "f"), call(1, "[", "g"), call(0, "}"), call(1, "]")):
        assert said.take(delta) == ""

    assert said.arguments_of("f") == "{}"
    assert said.arguments_of("g") == "[]"
    assert said.arguments_of("h") is None


def test_arguments_without_end_are_cut() -> None:
    said = answer()

    said.take(call(0, "x" * (1 << 20), "f"))
    said.take(call(0, "more"))

    assert said.arguments_of("f") == "x" * (1 << 20)


def test_what_was_held_back_is_shown_at_the_end() -> None:
    said = answer()

    shown = [said.take(TextDelta("a <")), said.take(ChatFinished(finish_reason="stop", usage=None))]

    assert shown == ["a ", "<"]
    assert said.text == "a <"
