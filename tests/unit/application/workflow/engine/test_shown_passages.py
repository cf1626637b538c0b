"""How readers and messages come to know what passages a model was shown."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from uuid import UUID

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeOutput,
    ShownPassages,
    TextDelta,
)
from dify_hex.application.workflow.records import StreamEntry
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.workflow.node_run import NodeOutcome
from tests.builders.citations import citation
from tests.builders.engine import KeptFaults, StillClock
from tests.builders.workflow import chat_graph, facts
from tests.fakes.scripted_nodes import ScriptedNodes


async def answers(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
    """Shows its model a passage twice over, and says what is in it."""
    del context
    yield ShownPassages((citation(7),))
    yield ShownPassages((citation(7),))
    yield TextDelta("So it is.")
    yield NodeOutcome(outputs={"text": "So it is."})


async def test_passages_are_told_once_before_the_text_that_stands_on_them() -> None:
    entries: list[StreamEntry] = []
    runs = DetachedRuns(
        nodes=ScriptedNodes(answers),
        codec=PydanticRunEventCodec(),
        clock=StillClock(),
        faults=KeptFaults(),
        limits=RunLimits(),
    )

    result = await runs.execute(TenantId(UUID(int=1)), chat_graph(), facts(), entries.append)

    types = [entry.type for entry in entries]
    assert types.count("message.retrieval") == 1
    assert types.index("message.retrieval") < types.index("message.delta")
    told = json.loads(entries[types.index("message.retrieval")].data)
    complete = json.loads(entries[types.index("message.complete")].data)
    assert told["citations"] == complete["citations"]
    assert result.citations == (replace(citation(7), position=1),)
