"""What static validation can find wrong with a graph and with its nodes."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFault:
    """One fault: a stable code, where it is, and a sentence that says what to do."""

    code: str
    message: str
    node_id: str | None = None
    field: str | None = None

    def as_detail(self) -> Mapping[str, str | None]:
        """The fault as an error's detail."""
        return {
            "code": self.code,
            "message": self.message,
            "node_id": self.node_id,
            "field": self.field,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """What is wrong with a configuration by itself: a code, the field, what to do about it."""

    code: str
    field: str
    message: str
