"""The JSON Schema of a graph document, with the configuration of every node type."""

from functools import lru_cache

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import CoreSchema

from dify_hex.adapters.dsl.graph_wire import NODE_MODELS, DeclarationWire, EdgeWire, GraphWire
from dify_hex.application.workflow.nodes.registry import MISSING

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Gives no title to a field: it would only be the field's name once more."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        """Never."""
        del schema
        return False


@lru_cache(maxsize=1)
def graph_schema() -> dict[str, JsonValue]:
    """Draft 2020-12; a node of a type that cannot be published yet says why in `x-missing`."""
    models: tuple[type[BaseModel], ...] = (
        GraphWire,
        EdgeWire,
        DeclarationWire,
        *NODE_MODELS.values(),
    )
    _, schema = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_Untitled
    )
    definitions: dict[str, dict[str, JsonValue]] = schema["$defs"]
    graph = definitions.pop(GraphWire.__name__)
    del definitions[DeclarationWire.__name__]
    definitions["Edge"] = {**definitions.pop(EdgeWire.__name__), "title": "Edge"}
    for name, model in NODE_MODELS.items():
        if lacking := MISSING.get(name):
            definitions[model.__name__]["x-missing"] = lacking
    nodes: JsonValue = {"oneOf": [_reference(model.__name__) for model in NODE_MODELS.values()]}
    for part, items in {
        "nodes": nodes,
        "edges": _reference("Edge"),
        "environment": _reference("VariableDeclaration"),
        "conversation": _reference("VariableDeclaration"),
    }.items():
        graph["properties"][part]["items"] = items  # type: ignore[index, call-overload]  # JSON
    graph |= {"title": "Workflow graph", "description": "A graph of nodes, ready to be published."}
    return {"$schema": _DRAFT, **graph, "$defs": dict(sorted(definitions.items()))}


def _reference(name: str) -> dict[str, JsonValue]:
    return {"$ref": f"#/$defs/{name}"}
