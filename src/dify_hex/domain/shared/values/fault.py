"""One thing that is wrong with what was sent, said so that it can be put right."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A stable code, the path of the field (`prompt.variables[0].name`), and a sentence.

    A fault of a graph also names the node, and the field of its configuration.
    """

    code: str
    path: str
    message: str
    node_id: str | None = None
    field: str | None = None

    def as_detail(self) -> Mapping[str, str]:
        """The fault as an error's detail."""
        detail = {"code": self.code, "path": self.path, "message": self.message}
        if self.node_id is not None:
            detail["node_id"] = self.node_id
        if self.field is not None:
            detail["field"] = self.field
        return detail
