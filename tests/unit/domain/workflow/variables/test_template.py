"""Text with references splits into fixed parts and selectors, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


def test_references_become_selectors_between_fixed_text() -> None:
    template = Template.parse("Dear {{#start.name#}}, see {{#llm.text.0.title#}}!")

    assert template.segments == (
        "Dear ",
        Selector(NodeId("start"), "name"),
        ", see ",
        Selector(NodeId("llm"), "text", ("0", "title")),
        "!",
    )
    assert [str(selector) for selector in template.selectors] == ["start.name", "llm.text.0.title"]


def test_white_space_inside_a_reference_does_not_matter() -> None:
    assert Template.parse("{{# a.b #}}").segments == (Selector(NodeId("a"), "b"),)


@pytest.mark.parametrize("text", ["{{#single#}}", "{{#a..b#}}", "{{##}}", "{{name}}", "{{#a.b", ""])
def test_what_only_looks_like_a_reference_stays_text(text: str) -> None:
    assert "".join(map(str, Template.parse(text).segments)) == text
    assert Template.parse(text).selectors == ()


def test_long_texts_are_split_like_short_ones() -> None:
    template = Template.parse("{{#a.b#}}" + "x" * 2_000)

    assert template.segments == (Selector(NodeId("a"), "b"), "x" * 2_000)


@given(st.text(alphabet="{}#ab. "))
def test_no_character_of_a_template_is_lost(text: str) -> None:
    def written(segment: object) -> str:
        return segment if isinstance(segment, str) else f"{{{{#{segment}#}}}}"

    rebuilt = "".join(written(segment) for segment in Template.parse(text).segments)

    assert rebuilt.replace(" ", "") == text.replace(" ", "")
