"""How found knowledge is written into a prompt."""

from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import ContextUnusable

#: Where a prompt shows the context that is bound to its node.
CONTEXT_SLOT = "{{#context#}}"
#: Where a completion's prompt shows the conversation; without it, the conversation comes first.
HISTORY_SLOT = "{{#histories#}}"


def context_text(value: JsonValue) -> str:
    """The context as text: a string as it is; of a list, each text or `content` on its own lines.

    A found passage's `summary`, if it has one, stands before its content.

    Raises:
        ContextUnusable: the value is something else.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, Sequence):
        raise ContextUnusable(found=type(value).__name__)
    return "\n".join(part for item in value for part in _parts(item)).strip()


def _parts(item: JsonValue) -> list[str]:
    if isinstance(item, str):
        return [item]
    content = item.get("content") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(content, str):
        raise ContextUnusable(found=f"list of {type(item).__name__}")
    summary = item.get("summary")
    return [summary, content] if isinstance(summary, str) and summary else [content]
