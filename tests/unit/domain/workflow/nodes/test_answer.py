"""The answer node says which values its text shows."""

from dify_hex.domain.workflow.nodes.answer import AnswerConfig


def test_every_reference_in_the_text_is_one_of_the_nodes() -> None:
    found = AnswerConfig(answer="{{#llm.text#}} and {{#start.file.name#}}").references()

    assert [(str(reference.selector), reference.field) for reference in found] == [
        ("llm.text", "answer"),
        ("start.file.name", "answer"),
    ]
