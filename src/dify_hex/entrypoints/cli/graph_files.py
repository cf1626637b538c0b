"""What a graph in a file is run with: the file, and values from the command line."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.records import DrawnGraph, StreamEntry
from dify_hex.domain.shared.ids import AppId, EndUserName, MessageId, NodeId, WorkflowRunId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.conversation_values import conversation_values
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.starting import start_of
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT
from dify_hex.domain.workflow.variables.value_type import ValueType
from dify_hex.entrypoints.cli.failures import CommandFailed, unusable

#: Reads the text of a file; a ValueError says why it cannot.
ReadGraph = Callable[[str], DrawnGraph]
OnEntry = Callable[[StreamEntry], None]

_TEXTS = frozenset({ValueType.STRING, ValueType.SECRET})


class Workbench(Protocol):
    """Runs graphs in this process, and keeps nothing of it."""

    async def execute(self, graph: Graph, facts: RunStarted, on_entry: OnEntry) -> RunResult:
        """Run the graph to its end."""
        ...


#: Opens connections for the length of one run.
OpenWorkbench = Callable[[], AbstractAsyncContextManager[Workbench]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRun:
    """What the command line gives to a run; inputs and environment are `NAME=VALUE`."""

    inputs: Sequence[str] = ()
    environment: Sequence[str] = ()
    query: str | None = None


def read_graph(file: Path, read: ReadGraph) -> DrawnGraph:
    """The graph in the file, as far as it can be read.

    Raises:
        CommandFailed: there is no such file, or nothing of the kind in it.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise unusable(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise unusable(f"{file} is no text in UTF-8.") from error
    try:
        return read(text)
    except ValueError as error:
        raise unusable(f"{file} holds neither JSON nor YAML: {error}.") from error


def facts_of(graph: Graph, wanted: FileRun) -> RunStarted:
    """How the run begins; a graph that answers is talked to.

    Raises:
        CommandFailed: the inputs do not fit what the graph's start declares.
    """
    start = start_of(graph)
    types = {each.variable: each.type.value_type for each in start.variables}
    reading = start.read_inputs(_values(wanted.inputs, types, "--input"))
    if reading.faults:
        raise CommandFailed(
            "The inputs do not fit what the graph's start declares.",
            code="workflow_inputs_invalid",
            details={"faults": [fault.as_detail() for fault in reading.faults]},
        )
    answers = any(isinstance(node.config, AnswerConfig) for node in graph.nodes)
    declared = {each.name: each.type for each in graph.environment}
    environment = _values(wanted.environment, declared, "--env")
    given: Mapping[NodeId, JsonObject] = {ENVIRONMENT: environment} if environment else {}
    return RunStarted(
        at=datetime.now(UTC),
        run_id=WorkflowRunId(new_id()),
        graph_hash="",
        node_schemas=graph.node_schemas(),
        app_id=AppId(new_id()),
        app_version_id=None,
        user=EndUserName("cli"),
        inputs=reading.values,
        query=wanted.query if wanted.query is not None or not answers else "",
        message_id=MessageId(new_id()) if answers else None,
        conversation=conversation_values(graph, {}),
        given=given,
        durability=Durability.NONE,
    )


def _values(
    pairs: Sequence[str], types: Mapping[str, ValueType], option: str
) -> dict[str, JsonValue]:
    """Texts as they are, values of other types as JSON."""
    values: dict[str, JsonValue] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise unusable(f"{option} {pair!r} is not NAME=VALUE.")
        if types.get(name, ValueType.STRING) in _TEXTS:
            values[name] = text
            continue
        try:
            values[name] = json.loads(text)
        except ValueError as error:
            raise unusable(
                f"{option} {name} is of the type {types[name]}, and {text!r} is no JSON."
            ) from error
    return values
