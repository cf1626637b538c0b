"""A workflow graph as text: canonical JSON and its hash, opaque to all but one slice."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class GraphDocument:
    """Canonical JSON of one graph; two graphs are the same exactly when their hashes are."""

    json: str

    @property
    def hash(self) -> str:
        """The SHA-256 of the canonical text, in hexadecimal."""
        return sha256(self.json.encode()).hexdigest()
