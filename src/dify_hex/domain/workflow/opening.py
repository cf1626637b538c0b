"""How containers open: an iteration finds its list, a loop gives its variables first values."""

from datetime import datetime
from typing import cast

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.container_events import IterationStarted, LoopStarted
from dify_hex.domain.workflow.errors import NotIterable, VariableMissing
from dify_hex.domain.workflow.graph.graph import Node
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.variables.pool import VariablePool


def opening_of(
    node: Node, frame: str, variables: VariablePool, now: datetime
) -> IterationStarted | LoopStarted | RunError:
    """The event that opens the container, or why it cannot be opened."""
    config = cast("IterationConfig | LoopConfig", node.config)
    try:
        if isinstance(config, LoopConfig):
            first = _first_values(config, variables)
            return LoopStarted(at=now, node_id=node.id, variables=first, frame=frame)
        items = variables.get(config.iterator_selector)
    except VariableMissing as error:
        return RunError.of(error)
    if not isinstance(items, list | tuple):
        return RunError.of(NotIterable(selector=str(config.iterator_selector)))
    return IterationStarted(at=now, node_id=node.id, count=len(items), frame=frame)


def _first_values(config: LoopConfig, variables: VariablePool) -> dict[str, JsonValue]:
    return {
        variable.label: (
            variable.value if variable.selector is None else variables.get(variable.selector)
        )
        for variable in config.loop_variables
    }
