"""Templates stay on an allow-list, so that their cost is bounded by their size."""

import pytest

from dify_hex.adapters.dsl.templates import MAX_OUTPUT, JinjaTemplates
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import InvalidTemplate, VariableMissing
from dify_hex.domain.workflow.plain_template import MAX_LENGTH, MAX_PLACES

TEMPLATES = JinjaTemplates()


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("plain", {}, "plain"),
        ("Hi {{ name }}!", {"name": "Ada"}, "Hi Ada!"),
        ("{{ person.name }} {{ person['age'] }}", {"person": {"name": "Ada", "age": 36}}, "Ada 36"),
        ("{{ tags[0] | upper }}", {"tags": ["a"]}, "A"),
        (
            "{% if age >= 18 and not banned %}in{% else %}out{% endif %}",
            {"age": 20, "banned": False},
            "in",
        ),
        ("{{ 'yes' if ok else 'no' }}", {"ok": False}, "no"),
        ("{{ missing_one | default('none') }}", {}, "none"),
        ("{{ nothing }}", {"nothing": None}, ""),
        ("<b>{{ raw }}</b>", {"raw": "<i>"}, "<b><i></b>"),
        ("{{ tags | join(', ') }}", {"tags": ["a", "b"]}, "a, b"),
        ("{{ tags | join(', ') | tojson }}", {"tags": ["a", "b"]}, '"a, b"'),
        (
            "{{ price | round(2) }} {{ 123 | round(-1, 'floor') | int }}",
            {"price": 1.005},
            "1.0 120",
        ),
        ("{{ nick | default(name) }}", {"name": "Ada"}, "Ada"),
        ("{{ tags | default(none) | first }}", {"tags": ["a"]}, "a"),
    ],
)
def test_what_is_allowed_renders(template: str, values: JsonObject, text: str) -> None:
    assert TEMPLATES.render(template, values) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in range(10**9) %}{{ x }}{% endfor %}",
        "{{ range(10) }}",
        "{{ ''.join(['a']) }}",
        "{{ 'a' * 10**9 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 1 + 1 }}",
        "{{ a ~ b }}",
        "{% macro m() %}{% endmacro %}",
        "{% import 'x' as y %}",
        "{% include 'x' %}",
        "{% set x = 1 %}",
        "{{ [1] }}",
        "{{ {'a': 1} }}",
        "{{ x | format(1) }}",
        "{{ x | pprint }}",
        "{{ x | center(1000000000) }}",
        "{{ x is defined }}",
        "{% raw",
        "{{",
        "{{ " + "not " * 200 + "x }}",
        "x" * (MAX_LENGTH + 1),
        "{{ x }}" * (MAX_PLACES + 1),
        "{{ 1 | round(4000000, 'floor') }}",
        "{{ 1 | round(precision=4000000, method='floor') }}",
        "{{ 1 | round(x, 'floor') }}",
        "{{ 1 | round(*x) }}",
        "{{ 1 | round(**x) }}",
        "{{ x | join(x) }}",
        "{{ x | join('" + "-" * 21 + "') }}",
        "{{ x | tojson | tojson }}",
        "{{ x | tojson | upper | tojson }}",
        "{{ (x | tojson if y else y) | tojson }}",
    ],
)
def test_everything_else_is_refused_before_it_runs(template: str) -> None:
    with pytest.raises(InvalidTemplate):
        TEMPLATES.check(template)


@pytest.mark.parametrize(
    "template",
    ["{{ x.__class__ }}", "{{ x['__class__'] }}", "{{ x.__class__.__mro__ }}"],
)
def test_the_inside_of_values_is_out_of_reach(template: str) -> None:
    with pytest.raises((InvalidTemplate, VariableMissing)):
        TEMPLATES.render(template, {"x": "text"})


def test_a_missing_variable_is_an_error() -> None:
    with pytest.raises(VariableMissing):
        TEMPLATES.render("Hi {{ name }}", {})


def test_a_value_that_cannot_be_used_so_is_an_error() -> None:
    with pytest.raises(InvalidTemplate):
        TEMPLATES.render("{{ 1 if x > 3 }}", {"x": "text"})


def test_checking_tells_the_names_that_are_used() -> None:
    assert TEMPLATES.check("{{ a.b }} {% if c %}{{ d }}{% endif %}") == {"a", "c", "d"}


def test_deep_nesting_is_refused_not_run_into() -> None:
    with pytest.raises(InvalidTemplate):
        TEMPLATES.check("{% if x %}" * 5000 + "{% endif %}" * 5000)


def test_what_is_rendered_cannot_grow_without_bound() -> None:
    with pytest.raises(InvalidTemplate) as refused:
        TEMPLATES.render("{{ x }}" * 11, {"x": "a" * (MAX_OUTPUT // 10)})
    assert "output" in str(refused.value.details["reason"])


@pytest.mark.parametrize("name", ["range", "dict", "lipsum", "cycler", "namespace"])
def test_a_function_of_the_engine_is_a_missing_variable(name: str) -> None:
    template = f"{{{{ {name} }}}}"
    assert TEMPLATES.check(template) == {name}
    with pytest.raises(VariableMissing):
        TEMPLATES.render(template, {})
