"""How domain values that are no plain records are written in JSON."""

from collections.abc import Callable
from typing import cast

from pydantic import JsonValue as PydanticJson
from pydantic import TypeAdapter
from pydantic_core import CoreSchema, core_schema

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.variables.selector import Selector

LONGEST_SELECTOR_PART = 128
#: The type of the error that a malformed selector is.
INVALID_SELECTOR = "invalid_selector"

_PARTS = core_schema.custom_error_schema(
    core_schema.list_schema(
        core_schema.str_schema(
            min_length=1, max_length=LONGEST_SELECTOR_PART, pattern=r"^[^.\s#{}]+$"
        ),
        min_length=2,
        max_length=12,
        metadata={
            "pydantic_js_updates": {
                "title": "Selector",
                "description": "A node, a name that it puts out, and a path into that value.",
                "examples": [["llm", "text"]],
            }
        },
    ),
    custom_error_type=INVALID_SELECTOR,
    custom_error_message='Write a selector as a list such as ["node", "name"]: from 2 to 12 '
    "texts without dots, spaces, braces and number signs",
)
_SELECTOR = core_schema.no_info_after_validator_function(
    lambda parts: Selector(NodeId(parts[0]), parts[1], tuple(parts[2:])),
    _PARTS,
    serialization=core_schema.plain_serializer_function_ser_schema(
        lambda selector: [selector.node_id, selector.name, *selector.path]
    ),
)


def _selector_schema(_source: object, _handler: Callable[[object], CoreSchema]) -> CoreSchema:
    return _SELECTOR


# The domain cannot know of the library that reads it, so it is told here, once, from outside.
setattr(Selector, "__get_pydantic_core_schema__", _selector_schema)  # noqa: B010 - no such field


def adapter_for(kind: object) -> TypeAdapter[object]:
    """Reads and writes a domain record; the recursion of JSON is meant by its name."""
    adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", kind))
    adapter.rebuild(raise_errors=True, _types_namespace={"NestedJson": PydanticJson})
    return adapter
