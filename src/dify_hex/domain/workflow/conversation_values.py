"""What the variables of a conversation hold when a run of it begins."""

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.variables.value_check import is_of_type


def conversation_values(graph: Graph, kept: JsonObject) -> JsonObject:
    """A value for each variable that the graph declares: the one that earlier runs have left.

    A variable that nobody has set, or that has since been declared with another type, begins as it
    is declared. What is declared no more is left out.
    """
    return {
        each.name: kept[each.name]
        if each.name in kept and is_of_type(kept[each.name], each.type)
        else each.value
        for each in graph.conversation
    }
