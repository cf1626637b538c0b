"""Which templates are rendered at once: never one that the renderer of those would refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError

from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.domain.workflow.errors import InvalidTemplate
from dify_hex.domain.workflow.plain_template import MAX_LENGTH, MAX_PLACES, is_plain


@pytest.mark.parametrize(
    "template",
    [
        "",
        "No place at all; { and } and %} stand for themselves.",
        "Dear {{ name }}!",
        "{{ a.b[0]['c'][d] | upper }}",
        "{{- a -}}{%- if a -%}b{%- endif -%}",
        "{% if a > 3 and not b %}x{% elif c in d %}y{% else %}z{% endif %}",
        "{{ 'yes' if ok else 'no' }}",
        "{{ a | default('a long text that takes the place of one that is missing') }}",
        "{{ a | d(b) | round(2) | join(', ') }}",
        "{{ a | round(2, 'floor') }}",
        "{{ 1.5 }}{# a note, with {{ in it #}",
    ],
)
def test_values_choices_and_small_filters_are_plain(template: str) -> None:
    assert is_plain(template)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in b %}{{ a }}{% endfor %}",
        "{% set a = 1 %}",
        "{% else %}{% if a %}{% else a %}{% endif %}",
        "{% if a.b() %}{% endif %}",
        "{{ a() }}",
        "{{ a.b() }}",
        "{{ (a) }}",
        "{{ a + b }}",
        "{{ a ~ b }}",
        "{{ 'a' * 10 }}",
        "{{ a is defined }}",
        "{{ [a] }}",
        "{{ a in [b] }}",
        "{{ a[1:2] }}",
        "{{ a[",
        "{{ a[1 }}",
        "{{ {'a': 1} }}",
        "{{ a | map('b') }}",
        "{{ a | }}",
        "{{ a | tojson | tojson }}",
        "{{ a | round(21) }}",
        "{{ a | join('" + "-" * 21 + "') }}",
        "{{ a | join(b) }}",
        "{{ a | join(' ' ' ') }}",
        "{{ a | join(' ' }}",
        "{{ a",
        '{{ "a }}',
        "{{ " + "not " * 5 + "a }}",
        "{{ a" + ".b" * 30 + " }}",
        "{% if a %}" * 6 + "{% endif %}" * 6,
        "{{ a }}" * (MAX_PLACES + 1),
        "a" * (MAX_LENGTH + 1),
    ],
)
def test_all_else_is_not(template: str) -> None:
    assert not is_plain(template)


_NAMES = "a b not and in is if else none loop self 1 25 1.5 'x' \"y\" '' . | ( ) [ ] ,"
_SIGNS = "== < - + * ~ : |upper |tojson |join |default |round |d( |join( = { }"
_WORDS = st.sampled_from(f"{_NAMES} {_SIGNS}".split())
_EXPRESSIONS = st.lists(_WORDS, max_size=12).map(" ".join)
_PARTS = st.one_of(
    st.just("text"),
    _EXPRESSIONS.map(lambda inner: f"{{{{ {inner} }}}}"),
    _EXPRESSIONS.map(lambda inner: f"{{% if {inner} %}}"),
    _EXPRESSIONS.map(lambda inner: f"{{% {inner} %}}"),
    st.sampled_from(["{% else %}", "{% endif %}", "{#", "#}", "{{-", "-}}", "{%", "%}", "{"]),
)


@given(st.lists(_PARTS, max_size=6).map("".join))
def test_whatever_is_plain_and_a_template_is_rendered_at_once(template: str) -> None:
    if not is_plain(template):
        return
    try:
        Environment(autoescape=False).parse(template)
    except TemplateSyntaxError:
        return
    try:
        JinjaTemplates().check(template)
    except InvalidTemplate as error:
        pytest.fail(f"{template!r}: {error.details}")
