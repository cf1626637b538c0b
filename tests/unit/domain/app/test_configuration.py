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
from dify_hex.domain.app.knowledge_use import KnowledgeUse
from dify_hex.domain.app.limits import Limits
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.metadata_conditions import (
    MetadataCondition,
    MetadataConditions,
    MetadataOperator,
)
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters
from dify_hex.domain.shared.values.prompt_template import TemplateReading
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import RetrievalMethod
from tests.builders.app import MODEL, chat, completion
from tests.builders.retrieval import MANUALS

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


USE = KnowledgeUse(sources=(KnowledgeSource(knowledge_id=MANUALS),))


def faults_with(use: KnowledgeUse) -> list[tuple[str, str]]:
    return faults_of(replace(chat(), knowledge=use))


def test_an_app_can_answer_from_knowledge() -> None:
    assert faults_with(USE) == []


def test_it_names_some_and_each_once() -> None:
    assert faults_with(replace(USE, sources=())) == [("knowledge_count", "knowledge.sources")]
    assert faults_with(replace(USE, sources=USE.sources * 2)) == [
        ("knowledge_repeated", "knowledge.sources[1].knowledge_id")
    ]


@pytest.mark.parametrize("weight", [0, -1, 1.5])
def test_a_weight_is_above_0_and_up_to_1(weight: float) -> None:
    use = replace(USE, sources=(KnowledgeSource(knowledge_id=MANUALS, weight=weight),))
    assert faults_with(use) == [("number_out_of_range", "knowledge.sources[0].weight")]


def test_its_settings_are_held_against_their_ranges() -> None:
    retrieval = RetrievalOverrides(top_k=0, score_threshold=2, method=RetrievalMethod.SEMANTIC)
    assert faults_with(replace(USE, retrieval=retrieval)) == [
        ("number_out_of_range", "knowledge.retrieval.top_k"),
        ("number_out_of_range", "knowledge.retrieval.score_threshold"),
    ]


def test_conditions_compare_named_entries_with_constants() -> None:
    wrong = (
        MetadataCondition(name=" ", comparison_operator=MetadataOperator.EMPTY),
        MetadataCondition(name="year", comparison_operator=MetadataOperator.EQUAL),
        MetadataCondition(
            name="year", comparison_operator=MetadataOperator.EQUAL, value="{{#start.year#}}"
        ),
    )
    assert faults_with(replace(USE, filters=MetadataConditions(conditions=wrong))) == [
        ("name_invalid", "knowledge.filters.conditions.0.name"),
        ("condition_value_invalid", "knowledge.filters.conditions.1.value"),
        ("condition_value_invalid", "knowledge.filters.conditions.2.value"),
    ]
    sound = MetadataCondition(name="year", comparison_operator=MetadataOperator.EMPTY)
    many = MetadataConditions(conditions=(sound,) * 51)
    assert faults_with(replace(USE, filters=many)) == [
        ("metadata_conditions_count", "knowledge.filters.conditions")
    ]


def test_a_completion_says_which_variable_is_searched_for() -> None:
    tone = InputVariable(name="tone")
    reading = TemplateReading(names=frozenset({"tone"}))
    using = replace(completion("Write {{ tone }}.", tone), knowledge=USE)
    assert faults_of(using, reading) == [("knowledge_query_unknown", "knowledge.query_variable")]
    named = replace(using, knowledge=replace(USE, query_variable="tone"))
    assert faults_of(named, reading) == []
