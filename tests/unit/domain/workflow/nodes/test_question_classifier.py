"""The question-classifier's configuration, and which class an answer names."""

from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.domain.workflow.nodes.question_classifier import (
    QuestionClass,
    QuestionClassifierConfig,
    class_named_in,
)
from dify_hex.domain.workflow.prompting.model_settings import Vision
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.workflow import MODEL

CLASSES = (
    QuestionClass(id="1", name="Refunds and returns"),
    QuestionClass(id="2", name="Delivery"),
    QuestionClass(id="rest", name="Anything else", label="Other"),
)


def config(*classes: QuestionClass) -> QuestionClassifierConfig:
    return QuestionClassifierConfig(
        query_variable_selector=Selector(SYSTEM, "query"), model=MODEL, classes=classes or CLASSES
    )


@pytest.mark.parametrize(
    ("answer", "id"),
    [
        ('{"class_id": "2", "class_name": "Delivery"}', "2"),
        ('{"class_id": 2}', "2"),
        ('{"category_id": "rest", "category_name": "Anything else"}', "rest"),
        ('```json\n{"class_name": "delivery"}\n```', "2"),
        ('{"class_id": "9", "class_name": "Delivery"}', "2"),
        ('{"class_id": "Delivery"}', "2"),
        ("2", "2"),
        (" Delivery. ", "2"),
        ('"rest"', "rest"),
        ("It is about **Delivery**, I think.", "2"),
        ("This is neither about refunds nor delivery: anything else!", None),
        ("This is anything else!", "rest"),
        ("Deliverymen", None),
        ('{"class_id": true}', None),
        ('{"class_id": ""}', None),
        ("", None),
        ("I do not know.", None),
    ],
)
def test_an_answer_names_one_class_or_none(answer: str, id: str | None) -> None:
    found = class_named_in(answer, CLASSES)

    assert (None if found is None else found.id) == id


def test_each_class_is_an_exit() -> None:
    assert config().handles() == ("1", "2", "rest")
    assert set(config().outputs()) == {"class_name", "class_label", "class_id", "usage"}


def test_it_needs_what_its_texts_show() -> None:
    of = replace(
        config(QuestionClass(id="1", name="About {{#start.product#}}")),
        instruction="Mind {{#start.rule#}}",
        vision=Vision(enabled=True),
    )

    assert {reference.field: str(reference.selector) for reference in of.references()} == {
        "query_variable_selector": "sys.query",
        "instruction": "start.rule",
        "classes.0.name": "start.product",
        "vision.configs.variable_selector": "sys.files",
    }


@pytest.mark.parametrize(
    ("classes", "faults"),
    [
        (CLASSES, []),
        (
            (QuestionClass(id="1", name="a"), QuestionClass(id="1", name="b")),
            [("class_id_invalid", "classes.0.id"), ("class_id_invalid", "classes.1.id")],
        ),
        ((QuestionClass(id="", name="a"),), [("class_id_invalid", "classes.0.id")]),
        ((QuestionClass(id="fail-branch", name="a"),), [("class_id_invalid", "classes.0.id")]),
        ((QuestionClass(id="1", name=" "),), [("class_name_missing", "classes.0.name")]),
    ],
)
def test_classes_can_be_told_apart(
    classes: tuple[QuestionClass, ...], faults: list[tuple[str, str]]
) -> None:
    assert [(fault.code, fault.field) for fault in config(*classes).faults()] == faults


def test_without_classes_there_is_nothing_to_choose() -> None:
    assert [fault.code for fault in replace(config(), classes=()).faults()] == ["classes_missing"]


def test_every_setting_is_read_from_json_and_written_back() -> None:
    adapter = adapter_for(QuestionClassifierConfig)
    written = {
        "query_variable_selector": ["sys", "query"],
        "model": {"provider": "openai", "model": "gpt-4o"},
        "classes": [{"id": "1", "name": "Greeting", "label": "Hello"}, {"id": "2", "name": "Rest"}],
        "instruction": "Be quick.",
        "memory": {"window": {"enabled": True, "size": 3}},
        "vision": {"enabled": True, "configs": {"detail": "high"}},
    }

    read = adapter.validate_python(written)

    assert isinstance(read, QuestionClassifierConfig)
    assert adapter.validate_json(adapter.dump_json(read)) == read
    assert list(read.faults()) == []
