"""Headers, parameters and forms are written line by line, with values in them."""

import pytest

from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.requests.written import Field, Written, write, write_lines
from tests.builders.variables import pool_of

VALUES = pool_of(
    start={"name": "Ada", "evil": "a\nX-Admin: yes", "lines": "A: 1\nB:2\n\n: none\nflag"},
    env={"TOKEN": "s3cret"},
)


def fields(text: str) -> list[tuple[str, str, bool]]:
    return [
        (each.name, each.value.text, each.value.is_secret) for each in write_lines(text, VALUES)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("Accept: text/plain", [("Accept", "text/plain", False)]),
        (" A :  b: c \n\n  \nD:", [("A", "b: c", False), ("D", "", False)]),
        ("X-{{#start.name#}}: {{#start.name#}}!", [("X-Ada", "Ada!", False)]),
        ("flag", [("flag", "", False)]),
        ("A: {{#env.TOKEN#}}", [("A", "s3cret", True)]),
        ("A: b\nC: {{#env.TOKEN#}}", [("A", "b", False), ("C", "s3cret", True)]),
    ],
)
def test_each_line_is_a_name_and_a_value(text: str, found: list[tuple[str, str, bool]]) -> None:
    assert fields(text) == found


def test_a_value_stays_in_the_line_that_its_author_has_given_it() -> None:
    assert fields("X-Name: {{#start.evil#}}") == [("X-Name", "a\nX-Admin: yes", False)]


def test_lines_may_as_a_whole_come_out_of_a_value() -> None:
    assert fields("{{#start.lines#}}") == [
        ("A", "1", False),
        ("B", "2", False),
        ("flag", "", False),
    ]


def test_a_text_that_holds_something_of_the_environment_is_secret() -> None:
    assert write("{{#start.name#}}", VALUES) == Written("Ada")
    assert write("Bearer {{#env.TOKEN#}}", VALUES) == Written("Bearer s3cret", is_secret=True)


def test_what_is_written_does_not_show_itself() -> None:
    assert "s3cret" not in repr(Field("A", write("{{#env.TOKEN#}}", VALUES)))


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(VariableMissing):
        write("{{#start.other#}}", VALUES)
