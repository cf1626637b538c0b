"""The address of a value inside a run."""

import re
from dataclasses import dataclass
from typing import Self

from dify_hex.domain.shared.ids import NodeId

#: The pseudo node that carries what the platform itself knows (`sys.query`).
SYSTEM = NodeId("sys")
#: Those that carry the graph's own variables (`env.REGION`, `conversation.notes`).
ENVIRONMENT = NodeId("env")
CONVERSATION = NodeId("conversation")

_PART = re.compile(r"[^.\s#{}]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def is_name(text: str) -> bool:
    """Whether a variable can be called so wherever it is used, in prompts and code too."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """A variable of a node, and optionally a path into its value."""

    node_id: NodeId
    name: str
    path: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `node.name.path`; None when the text is no selector."""
        parts = text.split(".")
        if len(parts) < 2 or not all(_PART.fullmatch(part) for part in parts):
            return None
        return cls(NodeId(parts[0]), parts[1], tuple(parts[2:]))

    def __str__(self) -> str:
        return ".".join((self.node_id, self.name, *self.path))
