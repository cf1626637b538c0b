"""What can be wrong with the variables that a graph declares for itself."""

from collections import Counter
from collections.abc import Iterator

from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.selector import is_name
from dify_hex.domain.workflow.variables.value_check import is_of_type
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_DECLARATIONS = 200
MAX_DESCRIPTION_LENGTH = 1_000


def declaration_faults(graph: Graph) -> Iterator[GraphFault]:
    """Everything about the environment's and the conversation's variables."""
    for place, declared in (
        ("environment", graph.environment),
        ("conversation", graph.conversation),
    ):
        if len(declared) > MAX_DECLARATIONS:
            yield GraphFault(
                code="too_many_declarations",
                field=place,
                message=f"{len(declared)} variables are more than {MAX_DECLARATIONS}; put those "
                "that belong together into an object.",
            )
        for name, count in Counter(each.name for each in declared).items():
            if count > 1:
                yield GraphFault(
                    code="duplicate_declaration",
                    field=place,
                    message=f"{count} variables are called {name}; give each a name of its own.",
                )
        for index, each in enumerate(declared):
            yield from _form_faults(each, f"{place}.{index}")
    for index, each in enumerate(graph.environment):
        yield from _environment_faults(each, f"environment.{index}")
    for index, each in enumerate(graph.conversation):
        yield from _conversation_faults(each, f"conversation.{index}")


def _form_faults(each: VariableDeclaration, field: str) -> Iterator[GraphFault]:
    if not is_name(each.name):
        yield GraphFault(
            code="declaration_name_invalid",
            field=f"{field}.name",
            message="Use letters, digits and underscores, not beginning with a digit, at most 64.",
        )
    if len(each.description) > MAX_DESCRIPTION_LENGTH:
        yield GraphFault(
            code="declaration_description_too_long",
            field=f"{field}.description",
            message=f"Use at most {MAX_DESCRIPTION_LENGTH} characters.",
        )


def _environment_faults(each: VariableDeclaration, field: str) -> Iterator[GraphFault]:
    if each.type is ValueType.SECRET:
        if each.value is not None:
            yield GraphFault(
                code="secret_in_graph",
                field=f"{field}.value",
                message=f"A graph is no place for the value of the secret {each.name}; leave it "
                "null, and set it apart.",
            )
    elif each.value is None or not is_of_type(each.value, each.type):
        yield _wrong_value(each, field)


def _conversation_faults(each: VariableDeclaration, field: str) -> Iterator[GraphFault]:
    if each.type is ValueType.SECRET:
        yield GraphFault(
            code="declaration_type_invalid",
            field=f"{field}.type",
            message="A conversation keeps no secrets; declare it with the environment.",
        )
    elif each.value is not None and not is_of_type(each.value, each.type):
        yield _wrong_value(each, field)


def _wrong_value(each: VariableDeclaration, field: str) -> GraphFault:
    return GraphFault(
        code="declaration_value_wrong_type",
        field=f"{field}.value",
        message=f"{each.name} is of the type {each.type}; give it a value of that type.",
    )
