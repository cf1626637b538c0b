"""A run is pinned, at its birth, to exactly what it will execute."""

import json

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.shared.errors import Forbidden
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.engine import Engine
from tests.builders.workflow import chat_graph
from tests.fakes.scripted_nodes import ScriptedNodes


async def test_a_run_begins_with_the_hash_of_its_graph_and_the_schemas_of_its_nodes() -> None:
    engine = Engine()

    started = await engine.begin()

    told = json.loads(engine.only_run().rows[0].payload)
    assert told["graph_hash"] == PydanticGraphCodec().document(chat_graph()).hash
    assert told["node_schemas"] == {"start": 1, "llm": 1, "answer": 1}
    assert told["app_version_id"] == started.run.facts.app_version_id
    assert [row.type for row in started.rows] == [
        "run.started",
        "message.started",
        "node.started",
        "node.succeeded",
        "node.started",
    ]


async def test_a_background_run_leaves_its_first_moves_to_whoever_takes_it() -> None:
    started = await Engine().begin(background=True)

    assert [row.type for row in started.rows] == ["run.started", "message.started"]


async def test_a_run_that_fails_at_its_start_is_born_all_the_same() -> None:
    engine = Engine(nodes=ScriptedNodes(start_error=VariableMissing(selector="start.x")))

    result = await (await engine.launch()).result()

    assert result.status is RunStatus.FAILED
    assert result.error is not None
    assert result.error.details == {"selector": "start.x", "node_id": "start", "attempt": 1}


@pytest.mark.parametrize(("background", "owner", "token"), [(False, "api-1", 1), (True, None, 0)])
async def test_a_foreground_run_is_born_with_a_lease_and_a_background_run_with_none(
    background: bool, owner: str | None, token: int
) -> None:
    engine = Engine()

    await engine.begin(background=background)

    run = engine.only_run()
    assert (run.owner, run.token) == (owner, token)


async def test_starting_takes_the_permission_for_the_app() -> None:
    engine = Engine()
    engine.actor = Actor(tenant_id=engine.actor.tenant_id, permissions=frozenset())

    with pytest.raises(Forbidden):
        await engine.begin()

    assert engine.runs.runs == {}
