"""What is said of workflows as such over HTTP."""

from typing import Any

from pydantic import RootModel


class GraphSchemaResponse(RootModel[dict[str, Any]]):
    """A JSON Schema, draft 2020-12."""
