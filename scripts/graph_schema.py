"""Writes the JSON Schema of graph documents into the documentation."""

import json
from pathlib import Path

from dify_hex.adapters.dsl.graph_schema import graph_schema

TARGET = Path(__file__).parent.parent / "docs" / "workflow-graph.schema.json"


def rendered() -> str:
    """The schema as it is kept: readable, and the same for the same node types."""
    return json.dumps(graph_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
