"""A value is found by its selector, and a missing one is never an empty string by accident."""

from dataclasses import replace

import pytest

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.variables.pool import VariablePool, as_text
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from tests.builders.variables import file


def pool_with(values: dict[str, JsonValue]) -> VariablePool:
    pool = VariablePool()
    pool.put(NodeId("node"), values)
    return pool


def selector(text: str) -> Selector:
    parsed = Selector.parse(text)
    assert parsed is not None
    return parsed


def test_a_path_leads_into_objects_and_arrays() -> None:
    pool = pool_with({"people": [{"name": "Ada"}, {"name": "Grace"}]})

    assert pool.get(selector("node.people.1.name")) == "Grace"


@pytest.mark.parametrize(
    "missing",
    [
        "other.people",
        "node.nobody",
        "node.people.2",
        "node.people.one",
        "node.people.0.age",
        "node.word.0",
    ],
)
def test_a_missing_value_names_its_selector(missing: str) -> None:
    pool = pool_with({"people": [{"name": "Ada"}], "word": "hello"})

    with pytest.raises(VariableMissing) as caught:
        pool.get(selector(missing))

    assert caught.value.details == {"selector": missing}


def test_a_node_without_values_has_none() -> None:
    assert pool_with({}).of(NodeId("other")) == {}


def test_a_template_is_rendered_with_values_as_text() -> None:
    pool = pool_with({"name": "Ada", "tags": ["é", 1]})

    assert pool.render(Template.parse("{{#node.name#}}: {{#node.tags#}}.")) == 'Ada: ["é", 1].'


@pytest.mark.parametrize(
    ("value", "text"),
    [("text", "text"), (None, ""), (True, "true"), (1.5, "1.5"), ({"a": 1}, '{"a": 1}')],
)
def test_every_kind_of_value_has_a_text(value: JsonValue, text: str) -> None:
    assert as_text(value) == text


class TestLayers:
    def test_an_inner_pool_sees_what_the_outer_one_holds(self) -> None:
        outer = pool_with({"name": "Ada"})

        assert outer.inner().get(selector("node.name")) == "Ada"
        assert outer.inner().of(NodeId("node")) == {"name": "Ada"}

    def test_and_keeps_its_own_values_to_itself(self) -> None:
        outer = pool_with({"name": "Ada"})
        inner = outer.inner()
        inner.put(NodeId("own"), {"word": "x"})

        assert inner.has(selector("own.word"))
        assert not outer.has(selector("own.word"))

    def test_what_an_inner_node_lacks_is_looked_for_outside(self) -> None:
        outer = pool_with({"name": "Ada", "age": 36})
        inner = outer.inner()
        inner.put(NodeId("node"), {"name": "Grace"})

        assert inner.get(selector("node.name")) == "Grace"
        assert inner.get(selector("node.age")) == 36

    def test_an_assignment_changes_a_value_where_it_is_kept(self) -> None:
        outer = pool_with({"total": 1})
        innermost = outer.inner().inner()

        innermost.assign(selector("node.total"), 2)

        assert outer.get(selector("node.total")) == 2
        assert innermost.get(selector("node.total")) == 2

    def test_only_what_exists_can_be_assigned(self) -> None:
        with pytest.raises(VariableMissing) as caught:
            pool_with({"total": 1}).inner().assign(selector("node.other"), 2)

        assert caught.value.details == {"selector": "node.other"}


class TestFiles:
    CAT = file("cat.png")

    def test_a_files_attributes_can_be_selected(self) -> None:
        pool = pool_with({"picture": self.CAT.to_json()})

        assert pool.get(selector("node.picture.extension")) == ".png"

    def test_a_file_without_an_address_reads_as_its_name(self) -> None:
        assert as_text(replace(self.CAT, url=None).to_json()) == "cat.png"
