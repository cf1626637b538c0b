"""What can be wrong with a configuration, and what it demands of a message."""

from dataclasses import replace

import pytest

from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    HistoryWindow,
    first_prompt,
)
from dify_hex.domain.app.errors import AppInputsInvalid, AppModeUnsupported
from dify_hex.domain.app.limits import Limits
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters
from dify_hex.domain.shared.values.prompt_template import TemplateReading
from tests.builders.app import MODEL, chat, completion

NOTHING = TemplateReading()


def faults_of(
    configuration: ChatConfiguration | CompletionConfiguration, reading: TemplateReading = NOTHING
) -> list[tuple[str, str]]:
    return [(fault.code, fault.path) for fault in configuration.faults(reading)]


def test_a_first_prompt_can_be_published_as_it_is() -> None:
    assert faults_of(first_prompt(AppMode.CHAT, MODEL)) == []
    assert (
        faults_of(
            first_prompt(AppMode.COMPLETION, MODEL),
            TemplateReading(names=frozenset({"text"})),
        )
        == []
    )


def test_modes_that_are_known_but_not_offered_are_refused_clearly() -> None:
    with pytest.raises(AppModeUnsupported) as refused:
        first_prompt(AppMode.AGENT, MODEL)

    offered = ["chat", "completion", "chatflow", "workflow"]
    assert refused.value.details == {"mode": "agent", "offered": offered}
    assert not AppMode.AGENT.is_offered


def test_all_faults_are_found_at_once() -> None:
    configuration = ChatConfiguration(
        model=ModelConfig(
            provider=" ",
            model="m" * 201,
            parameters=ModelParameters(
                temperature=2.1,
                top_p=float("nan"),
                max_tokens=0,
                presence_penalty=-3,
                frequency_penalty=3,
                stop=("",),
            ),
        ),
        opening_statement="x" * 10_001,
        suggested_questions=("fine", " ", *["q"] * 19),
        history=HistoryWindow(max_turns=201, max_tokens=0),
        limits=Limits(
            max_query_length=0, first_token_timeout_seconds=0.5, token_timeout_seconds=601
        ),
    )

    assert faults_of(configuration) == [
        ("model_not_chosen", "model.provider"),
        ("model_not_chosen", "model.model"),
        ("model_parameter_out_of_range", "model.parameters.temperature"),
        ("model_parameter_out_of_range", "model.parameters.top_p"),
        ("model_parameter_out_of_range", "model.parameters.max_tokens"),
        ("model_parameter_out_of_range", "model.parameters.presence_penalty"),
        ("model_parameter_out_of_range", "model.parameters.frequency_penalty"),
        ("model_stop_invalid", "model.parameters.stop"),
        ("opening_statement_too_long", "opening_statement"),
        ("suggested_questions_too_many", "suggested_questions"),
        ("suggested_question_invalid", "suggested_questions[1]"),
        ("limit_out_of_range", "history.max_turns"),
        ("limit_out_of_range", "history.max_tokens"),
        ("limit_out_of_range", "limits.max_query_length"),
        ("limit_out_of_range", "limits.first_token_timeout_seconds"),
        ("limit_out_of_range", "limits.token_timeout_seconds"),
    ]


def test_the_ends_of_every_range_belong_to_it() -> None:
    configuration = ChatConfiguration(
        model=ModelConfig(
            provider="p",
            model="m",
            parameters=ModelParameters(
                temperature=0,
                top_p=1,
                max_tokens=1,
                presence_penalty=-2,
                frequency_penalty=2,
                seed=7,
                stop=("END",),
            ),
        ),
        history=HistoryWindow(max_turns=0, max_tokens=1),
    )

    assert faults_of(configuration) == []


def test_a_prompts_faults_are_the_configurations() -> None:
    reading = TemplateReading(names=frozenset({"tone"}))

    assert faults_of(chat("{{ tone }}"), reading) == [("prompt_variable_undeclared", "prompt.text")]
    assert faults_of(completion("{{ tone }}"), reading) == [
        ("prompt_variable_undeclared", "prompt.text")
    ]


def test_a_completion_needs_a_prompt() -> None:
    assert faults_of(completion("  ")) == [("prompt_missing", "prompt.text")]


def test_a_chat_demands_a_query_and_its_inputs() -> None:
    configuration = chat("", InputVariable(name="tone"))

    with pytest.raises(AppInputsInvalid) as refused:
        configuration.read_request("  ", {})

    assert [fault.code for fault in refused.value.faults] == ["query_missing", "input_missing"]
    assert configuration.read_request("Hello", {"tone": "kind"}) == {"tone": "kind"}


def test_a_query_may_be_as_long_as_the_app_says() -> None:
    configuration = replace(chat(), limits=Limits(max_query_length=3))

    assert configuration.read_request("123", {}) == {}
    with pytest.raises(AppInputsInvalid) as refused:
        configuration.read_request("1234", {})

    assert refused.value.details["faults"] == [
        {
            "code": "query_too_long",
            "path": "query",
            "message": "Use at most 3 characters, not 4.",
        }
    ]


def test_a_completion_takes_inputs_and_no_query() -> None:
    configuration = completion("{{ n }}", InputVariable(name="n", type=VariableType.NUMBER))

    assert configuration.read_request("", {"n": 2}) == {"n": 2}
    with pytest.raises(AppInputsInvalid) as refused:
        configuration.read_request("Hello", {"n": "x"})

    assert [fault.code for fault in refused.value.faults] == [
        "input_wrong_type",
        "query_unexpected",
    ]


def test_only_some_modes_have_conversations() -> None:
    assert chat().mode.has_conversations
    assert not completion().mode.has_conversations
