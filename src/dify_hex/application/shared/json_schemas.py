"""What the system asks of JSON Schema."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue


class SchemaValidator(Protocol):
    """Holds values against schemas that tenants have written."""

    @abstractmethod
    def flaw(self, schema: JsonObject) -> str | None:
        """Why the schema is none, in a few words; None when it can be used."""

    @abstractmethod
    def misfits(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Where the value is not as the schema says: a few sentences, none when it fits."""
