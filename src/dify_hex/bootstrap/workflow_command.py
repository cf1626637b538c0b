"""`dify-hex workflow`: the commands that read and run graphs in files."""

import sys
from collections.abc import Sequence

from pydantic import ValidationError

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.graph_files import graph_text
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.workflow.records import DrawnGraph
from dify_hex.bootstrap.graph_workbench import open_workbench
from dify_hex.bootstrap.service_command import bad_settings
from dify_hex.entrypoints.cli.program import run
from dify_hex.entrypoints.cli.workflow import workflow_commands


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; 1 when the environment's settings cannot be meant."""
    try:
        return run("workflow", workflow_commands(_read, open_workbench), arguments)
    except ValidationError as error:
        sys.stderr.write(f"dify-hex workflow: {bad_settings(error)}\n")
        return 1


def _read(text: str) -> DrawnGraph:
    document, kind = graph_text(text)
    return PydanticGraphCodec(schemas=JsonSchemaValidator()).read(document, kind)
