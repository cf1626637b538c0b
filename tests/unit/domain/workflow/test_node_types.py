"""The table of node types knows every configuration, by the name that graphs use."""

from typing import get_args

from dify_hex.domain.workflow.nodes.node_types import NODE_SCHEMAS, NODE_TYPES, NodeConfig


def test_the_table_and_the_union_name_the_same_types() -> None:
    assert set(NODE_TYPES.values()) == set(get_args(NodeConfig))


def test_a_type_stands_under_its_own_name_with_its_schema() -> None:
    assert all(config.type == name for name, config in NODE_TYPES.items())
    assert set(NODE_SCHEMAS) == set(NODE_TYPES)
