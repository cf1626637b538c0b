"""Faults of the variables that a graph declares for itself."""

import pytest

from dify_hex.domain.workflow.graph.declaration_faults import (
    MAX_DECLARATIONS,
    MAX_DESCRIPTION_LENGTH,
)
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import (
    FaultyGraph,
    assert_faulty,
    chain,
    secret,
)

FAULTY: list[FaultyGraph] = [
    (
        "too_many_declarations",
        None,
        "environment",
        chain(
            **{
                f"env{i}": VariableDeclaration(name=f"V{i}", value="")
                for i in range(MAX_DECLARATIONS + 1)
            }
        ),
    ),
    (
        "duplicate_declaration",
        None,
        "conversation",
        chain(talk1=VariableDeclaration(name="a"), talk2=VariableDeclaration(name="a")),
    ),
    (
        "declaration_name_invalid",
        None,
        "environment.0.name",
        chain(env=VariableDeclaration(name="a-b", value="")),
    ),
    (
        "declaration_description_too_long",
        None,
        "environment.0.description",
        chain(
            env=VariableDeclaration(
                name="a", value="", description="x" * (MAX_DESCRIPTION_LENGTH + 1)
            )
        ),
    ),
    (
        "declaration_value_wrong_type",
        None,
        "environment.0.value",
        chain(env=VariableDeclaration(name="a")),
    ),
    (
        "declaration_value_wrong_type",
        None,
        "environment.0.value",
        chain(env=VariableDeclaration(name="a", value=5)),
    ),
    (
        "declaration_value_wrong_type",
        None,
        "conversation.0.value",
        chain(talk=VariableDeclaration(name="a", value=5)),
    ),
    (
        "declaration_type_invalid",
        None,
        "conversation.0.type",
        chain(talk=VariableDeclaration(name="a", type=ValueType.SECRET)),
    ),
    ("secret_in_graph", None, "environment.0.value", chain(env=secret("hush"))),
]


@pytest.mark.parametrize(("code", "node_id", "field", "faulty"), FAULTY)
def test_each_fault_is_found_where_it_is(
    code: str, node_id: str | None, field: str | None, faulty: Graph
) -> None:
    assert_faulty(faulty, code, node_id, field)
