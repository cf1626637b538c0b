"""One thing that is wrong with what was sent, said so that it can be put right."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A stable code, the path of the field (`prompt.variables[0].name`), and a sentence."""

    code: str
    path: str
    message: str

    def as_detail(self) -> Mapping[str, str]:
        """The fault as an error's detail."""
        return {"code": self.code, "path": self.path, "message": self.message}
