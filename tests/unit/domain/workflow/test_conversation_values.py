"""A conversation's variables begin as earlier runs have left them."""

from dify_hex.domain.workflow.conversation_values import conversation_values
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType

COUNT = VariableDeclaration(name="count", type=ValueType.INTEGER, value=0)
NOTE = VariableDeclaration(name="note")


def drawn(*declared: VariableDeclaration) -> Graph:
    return Graph(nodes=(), edges=(), conversation=declared)


def test_what_nobody_has_set_begins_as_it_is_declared() -> None:
    assert conversation_values(drawn(COUNT, NOTE), {}) == {"count": 0, "note": None}


def test_what_runs_have_set_stays() -> None:
    assert conversation_values(drawn(COUNT, NOTE), {"count": 3}) == {"count": 3, "note": None}


def test_what_was_declared_anew_with_another_type_begins_anew() -> None:
    assert conversation_values(drawn(COUNT), {"count": "three"}) == {"count": 0}


def test_what_is_declared_no_more_is_left_out() -> None:
    assert conversation_values(drawn(), {"count": 3}) == {}
