"""Runs that are looked at again: their nodes, two beside each other, and replayed."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.compare_runs import CompareRuns, NodesPage, ShowRunNodes
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.replay_run import Replayed, ReplayRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.statuses import NodeStatus
from tests.builders.app import actor
from tests.builders.flow import END, Json, taking, workflow
from tests.builders.recorded_runs import NAME, RecordedRuns, model_node

GREETING: Json = {
    "id": "greeting",
    "type": "template-transform",
    "config": {
        "template": "Hello {{ who }}!",
        "variables": [{"variable": "who", "value_selector": ["start", "name"]}],
    },
}


@dataclass
class House(RecordedRuns):
    """Runs that have been, and those who look at them."""

    async def nodes_of(self, run: BegunRun, *, after: int = 0, limit: int = 10) -> NodesPage:
        use_case = ShowRunNodes(records=self.records, runs=self.reader)
        return await use_case.execute(self.editor, run.run_id, after=after, limit=limit)

    @property
    def compare(self) -> CompareRuns:
        return CompareRuns(records=self.records, runs=self.reader)

    async def replayed(self, run: BegunRun) -> Replayed:
        use_case = ReplayRun(
            records=self.records,
            runs=self.reader,
            nodes=self.nodes,
            clock=self.clock,
            surroundings=self.surroundings,
        )
        return await use_case.execute(self.editor, run.run_id)

    def forge(self, run: BegunRun, node_id: str, before: str, after: str) -> int:
        """Write something else into the journal; the number of the row."""
        stored = self.shelf.runs.runs[run.run_id]
        for index, row in enumerate(stored.rows):
            if row.type == "node.succeeded" and f'"node_id":"{node_id}"' in row.payload:
                assert before in row.payload
                payload = row.payload.replace(before, after)
                stored.rows[index] = row._replace(payload=payload)
                return row.seq
        raise AssertionError(f"{node_id} has not come to an end")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.engine.host.drain(seconds=0)


async def test_the_nodes_of_a_run_come_in_the_order_in_which_they_were_reached(
    house: House,
) -> None:
    run = await house.run(await house.published())

    first = await house.nodes_of(run, limit=3)
    rest = await house.nodes_of(run, after=3, limit=3)

    assert [record.address.node_id for record in first.nodes] == ["start", "first", "second"]
    assert (first.next_after, rest.next_after) == (3, None)
    assert [(record.address.node_id, record.status) for record in rest.nodes] == [
        ("end", NodeStatus.SUCCEEDED)
    ]


async def test_two_runs_part_at_the_first_node_that_did_not_come_to_the_same(
    house: House,
) -> None:
    app_id = await house.published()
    this, other = await house.run(app_id), await house.run(app_id)

    compared = await house.compare.execute(house.editor, this.run_id, other.run_id)

    assert (compared.this.id, compared.other.id) == (this.run_id, other.run_id)
    assert compared.diverges_at is not None
    assert compared.diverges_at.address.node_id == "first"
    alike = await house.compare.execute(house.editor, this.run_id, this.run_id)
    assert alike.diverges_at is None


async def test_a_run_is_computed_to_the_same_without_calling_anybody(house: House) -> None:
    app_id = await house.published(workflow(taking(NAME), GREETING, model_node("model"), END))
    run = await house.run(app_id)

    replayed = await house.replayed(run)

    assert replayed == Replayed(events=len(house.shelf.runs.runs[run.run_id].rows), difference=None)
    assert house.nodes.asked == ["model"]


async def test_a_run_under_way_is_replayed_as_far_as_it_has_come(house: House) -> None:
    run = await house.run(await house.published(), response=Delivery.BACKGROUND)

    assert await house.replayed(run) == Replayed(events=1, difference=None)


async def test_the_first_row_that_does_not_follow_is_told(house: House) -> None:
    app_id = await house.published(workflow(taking(NAME), GREETING, END))
    run = await house.run(app_id)
    seq = house.forge(run, "greeting", "Hello", "Farewell")

    difference = (await house.replayed(run)).difference

    assert difference is not None
    assert difference.recorded is not None
    assert difference.computed is not None
    assert (difference.seq, difference.recorded.node_id) == (seq, "greeting")
    assert "Farewell" in difference.recorded.data
    assert "Hello Ann!" in difference.computed.data


async def test_looking_back_takes_its_rights_and_a_run_that_is_there(house: House) -> None:
    run = await house.run(await house.published())
    house.editor = actor(Permission.APP_RUN)
    with pytest.raises(PermissionDenied):
        await house.nodes_of(run)
    with pytest.raises(PermissionDenied):
        await house.compare.execute(house.editor, run.run_id, run.run_id)
    with pytest.raises(PermissionDenied):
        await house.replayed(run)

    house.editor = actor()
    nobody = BegunRun(run_id=WorkflowRunId(new_id()), result=None)
    with pytest.raises(WorkflowRunNotFound):
        await house.replayed(nobody)


async def test_a_run_whose_journal_is_gone_cannot_be_replayed(house: House) -> None:
    run = await house.run(await house.published())
    shown = await house.reader.get_run(house.editor.tenant_id, run.run_id)
    house.shelf.runs.runs[run.run_id].rows.clear()

    with pytest.raises(WorkflowRunNotFound):
        await house.records.read(house.editor.tenant_id, shown.id)


async def test_a_row_that_nothing_leads_to_has_nothing_beside_it(house: House) -> None:
    run = await house.run(await house.published(workflow(taking(NAME), GREETING, END)))
    stored = house.shelf.runs.runs[run.run_id]
    last = stored.rows[-1]
    stored.rows.append(last._replace(seq=last.seq + 1))

    difference = (await house.replayed(run)).difference

    assert difference is not None
    assert (difference.seq, difference.computed) == (last.seq + 1, None)


def guarded() -> WorkflowConfiguration:
    """Which way is taken hangs on a secret."""
    condition = {"variable_selector": ["env", "KEY"], "comparison_operator": "is", "value": "open"}
    door = {
        "id": "door",
        "type": "if-else",
        "config": {"cases": [{"case_id": "right", "conditions": [condition]}]},
    }
    edges = [
        {"source": "start", "target": "door"},
        {"source": "door", "target": "greeting", "handle": "right"},
        {"source": "door", "target": "end", "handle": "false"},
        {"source": "greeting", "target": "end"},
    ]
    declared = [{"name": "KEY", "type": "secret"}]
    graph = {"nodes": [taking(NAME), door, GREETING, END], "edges": edges, "environment": declared}
    return WorkflowConfiguration(graph=GraphDocument(json.dumps(graph)))


async def test_a_branch_that_hangs_on_a_secret_is_computed_to_the_same(house: House) -> None:
    house.secrets.values["KEY"] = "open"
    run = await house.run(await house.published(guarded()))

    assert (await house.replayed(run)).difference is None
    done = [record.address.node_id for record in (await house.nodes_of(run)).nodes]
    assert done == ["start", "door", "greeting", "end"]


async def test_a_secret_is_not_told_with_a_difference(house: House) -> None:
    house.secrets.values["KEY"] = "Ann"
    run = await house.run(await house.published(guarded()), {"name": "Ann"})
    house.forge(run, "door", '"result":false', '"result":"Ann"')

    difference = (await house.replayed(run)).difference

    assert difference is not None
    assert difference.recorded is not None
    assert '"result": "***"' in difference.recorded.data
