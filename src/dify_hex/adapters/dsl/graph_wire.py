"""The form in which graphs are sent: one strict model for each node type, from the registry."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic import JsonValue as PydanticJson

from dify_hex.adapters.dsl.domain_forms import LONGEST_SELECTOR_PART
from dify_hex.application.workflow.nodes.registry import NODE_TYPES
from dify_hex.domain.workflow.graph.declaration_faults import MAX_DECLARATIONS
from dify_hex.domain.workflow.graph.shape_faults import MAX_EDGES, MAX_NODES
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.node_policy import NodePolicy
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration

MAX_TITLE_LENGTH = 200
MAX_NAME_LENGTH = 64

_Id = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH, pattern=r"^[^.\s#{}]+$")]
_EndId = Annotated[str, Field(max_length=LONGEST_SELECTOR_PART)]


class _Wire(BaseModel):
    """The records of the domain that a model holds are read just as strictly as itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())


class NodeHead(BaseModel):
    """What has to be known of a node so that the rest of the graph can be looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    id: _Id
    type: Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
    parent: _EndId | None = None


class NodeWire(_Wire):
    """What nodes of all types have; each type adds its own `type` and `config`."""

    id: _Id
    title: Annotated[str, Field(max_length=MAX_TITLE_LENGTH)] = ""
    parent: _EndId | None = Field(
        default=None, description="The iteration or loop that this node is inside of."
    )
    policy: NodePolicy | None = None


class EdgeWire(_Wire):
    """A connection that leaves a node by one of its handles."""

    source: _EndId
    target: _EndId
    handle: Annotated[str, Field(max_length=LONGEST_SELECTOR_PART)] = DEFAULT_HANDLE


class DeclarationWire(_Wire):
    """Holds a declaration, so that it is read strictly."""

    declaration: VariableDeclaration


class GraphWire(_Wire):
    """The whole document; its parts are read one by one, so that each tells its own faults."""

    schema_version: Literal[1] = 1
    nodes: Annotated[list[PydanticJson], Field(max_length=MAX_NODES)]
    edges: Annotated[list[PydanticJson], Field(max_length=MAX_EDGES)]
    environment: Annotated[list[PydanticJson], Field(max_length=MAX_DECLARATIONS)] = []
    conversation: Annotated[list[PydanticJson], Field(max_length=MAX_DECLARATIONS)] = []


def _node_model(name: str, config: type[NodeConfig]) -> type[NodeWire]:
    model = create_model(
        f"{config.__name__.removesuffix('Config')}Node",
        __base__=NodeWire,
        __doc__=f"A node of the type {name}.",
        **cast("dict[str, Any]", {"type": (Literal[name], ...), "config": (config, ...)}),
    )
    model.model_rebuild(raise_errors=True, _types_namespace={"NestedJson": PydanticJson})
    return cast("type[NodeWire]", model)


for _model in (DeclarationWire, NodeWire):
    _model.model_rebuild(
        force=True, raise_errors=True, _types_namespace={"NestedJson": PydanticJson}
    )

#: The model of each node type, by the type's name.
NODE_MODELS: Mapping[str, type[NodeWire]] = {
    name: _node_model(name, config) for name, config in sorted(NODE_TYPES.items())
}
