"""Runs that begin where others have come to: tried again, or forked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dify_hex.application.app.branching import Branching, Reception
from dify_hex.application.app.fork_run import ForkGraph, ForkRun, ForkRunCommand
from dify_hex.application.app.retry_run import RetryRun, RetryRunCommand
from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.app.runnable_apps import VersionChoice
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.idempotency import Claim, IdempotencyKey
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import NodeId, WorkflowRunId
from dify_hex.domain.workflow.errors import (
    ForkInvalid,
    NothingToRetry,
    RunUnderWay,
)
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.app import TENANT, actor
from tests.builders.engine import until
from tests.builders.flow import Json, taking, workflow
from tests.builders.recorded_runs import NAME, RecordedRuns, ending, model_node

WAITED_FOR = Reception(response=Delivery.BLOCKING)
#: The first model as before; what the second says comes out under another name.
SHORTENED = workflow(
    taking(NAME),
    model_node("first"),
    model_node("second", "{{#first.text#}}"),
    ending(said="second.text"),
)


class House(RecordedRuns):
    """Runs that others can begin from."""

    @property
    def branching(self) -> Branching:
        return Branching(
            begin=self.begin,
            records=self.records,
            runs=self.reader,
            graphs=self.graphs,
            events=self.events,
            host=self.engine.host,
            clock=self.clock,
            values=self.values,
        )

    @property
    def fork_run(self) -> ForkRun:
        return ForkRun(
            begin=self.begin,
            branching=self.branching,
            apps=self.apps,
            graphs=self.graphs,
            inputs=self.inputs,
        )

    async def retry(self, run: BegunRun, reception: Reception = WAITED_FOR) -> BegunRun:
        command = RetryRunCommand(run_id=run.run_id, reception=reception)
        return await RetryRun(branching=self.branching).execute(self.editor, command)

    async def fork(self, run: BegunRun, **changes: Any) -> BegunRun:
        return await self.fork_run.execute(self.editor, forking(run.run_id, **changes))

    def began_with(self, run: BegunRun) -> RunStarted:
        row = self.shelf.runs.runs[run.run_id].rows[0]
        facts = self.events.decode(row.type, row.payload)
        assert isinstance(facts, RunStarted)
        return facts

    async def refused(self, run: BegunRun, **changes: Any) -> set[tuple[str, str | None]]:
        with pytest.raises(ForkInvalid) as refusal:
            await self.fork(run, **changes)
        return {(fault.code, fault.path) for fault in refusal.value.faults}


def forking(run_id: WorkflowRunId, **changes: Any) -> ForkRunCommand:
    command = ForkRunCommand(run_id=run_id, node_id=NodeId("second"), reception=WAITED_FOR)
    return replace(command, **changes)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.engine.host.drain(seconds=0)


async def test_a_retry_does_again_what_failed_and_pays_for_the_rest_once(house: House) -> None:
    house.nodes.broken = {"second"}
    failed = await house.run(await house.published())
    house.nodes.broken = set()

    retried = await house.retry(failed)

    assert house.outputs(retried) == {"name": "Ann", "first": "first 1", "second": "second 2"}
    assert house.nodes.asked == ["first", "second", "second"]
    assert retried.elapsed == timedelta(0)
    facts = house.began_with(retried)
    assert facts.parent_run_id == failed.run_id
    assert facts.app_version_id == house.began_with(failed).app_version_id is not None


async def test_a_run_in_which_all_went_well_is_not_retried(house: House) -> None:
    done = await house.run(await house.published())

    with pytest.raises(NothingToRetry):
        await house.retry(done)


async def test_nobody_has_to_wait_for_the_new_run(house: House) -> None:
    house.nodes.broken = {"second"}
    failed = await house.run(await house.published())

    streamed = await house.retry(failed, Reception(response=Delivery.STREAM))
    left = await house.retry(failed, Reception(response=Delivery.BACKGROUND))

    assert (streamed.result, left.result) == (None, None)
    stored = house.shelf.runs.runs
    await until(lambda: stored[streamed.run_id].status is RunStatus.FAILED)
    assert (stored[left.run_id].status, stored[left.run_id].owner) == (RunStatus.PENDING, None)


async def test_the_requests_key_is_settled_with_the_new_run(house: House) -> None:
    house.nodes.broken = {"second"}
    failed = await house.run(await house.published())
    key = IdempotencyKey(tenant_id=TENANT, caller="ann", route="POST", key="1", fingerprint=b"")
    claim = Claim(key=key, claimed_at=house.clock.now())

    new = await house.retry(failed, Reception(response=Delivery.STREAM, claim=claim))

    assert house.shelf.claims[claim] == new.run_id


async def test_only_runs_that_have_ended_can_be_gone_on_from(house: House) -> None:
    app_id = await house.published()
    waiting = await house.run(app_id, response=Delivery.BACKGROUND)

    with pytest.raises(RunUnderWay):
        await house.fork(waiting)


@pytest.mark.parametrize("lacking", [Permission.RUN_CONTROL, Permission.APP_RUN])
async def test_going_on_takes_the_rights_to_control_and_to_run(
    house: House, lacking: Permission
) -> None:
    done = await house.run(await house.published())
    somebody = actor(*(set(Permission) - {lacking}))

    with pytest.raises(PermissionDenied):
        await house.fork_run.execute(somebody, forking(done.run_id))


async def test_a_fork_begins_again_at_its_node_with_what_was_changed_before_it(
    house: House,
) -> None:
    done = await house.run(await house.published())

    fork = await house.fork(done, variables={"first.text": "Hm."}, inputs={"name": "Bo"})

    assert house.outputs(fork) == {"name": "Bo", "first": "Hm.", "second": "second 2"}
    assert house.began_with(fork).inputs == {"name": "Bo"}


async def test_inputs_change_where_all_begins_again_at_the_start(house: House) -> None:
    done = await house.run(await house.published())

    fork = await house.fork(done, node_id=NodeId("start"), inputs={"name": "Bo"})

    assert house.outputs(fork) == {"name": "Bo", "first": "first 2", "second": "second 2"}


async def test_a_fork_that_cannot_be_meant_is_told_all_its_faults(house: House) -> None:
    done = await house.run(await house.published())

    assert await house.refused(done, variables={"first": 1, "": 2}) == {
        ("fork_variable_name", "variables.first"),
        ("fork_variable_name", "variables."),
    }
    assert await house.refused(done, node_id=NodeId("third")) == {("fork_node_unknown", "node_id")}
    assert await house.refused(done, variables={"second.text": "x", "no.where": 1}) == {
        ("fork_variable_unknown", "variables.second.text"),
        ("fork_variable_unknown", "variables.no.where"),
    }


async def test_a_forks_inputs_are_held_against_the_start(house: House) -> None:
    done = await house.run(await house.published())

    refused = await house.refused(done, inputs={"name": 5, "zz": "x"}, variables={"first": 1})

    assert {path for _, path in refused} == {"inputs.name", "inputs.zz", "variables.first"}


async def test_objects_that_a_fork_gives_are_held_against_their_schemas(house: House) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    card: Json = {"variable": "card", "type": "json_object", "json_schema": schema}
    app_id = await house.published(workflow(taking(card), model_node("second"), ending()))
    done = await house.run(app_id, {"card": {"age": 5}})

    assert await house.refused(done, inputs={"card": {"age": "five"}}) == {
        ("input_out_of_schema", "inputs.card")
    }
    assert await house.refused(done, inputs={"card": "five"}) == {
        ("input_wrong_type", "inputs.card")
    }


async def test_a_fork_to_the_draft_does_again_what_was_drawn_anew(house: House) -> None:
    app_id = await house.published()
    done = await house.run(app_id)
    await house.redraw(app_id, SHORTENED)

    fork = await house.fork(done, graph=ForkGraph.DRAFT)

    assert house.outputs(fork) == {"said": "second 2"}
    assert house.nodes.asked == ["first", "second", "second"]
    facts = house.began_with(fork)
    assert facts.app_version_id is None
    assert (TENANT, facts.graph_hash) in house.shelf.graphs
    with pytest.raises(PermissionDenied):
        await house.fork_run.execute(
            actor(Permission.RUN_CONTROL, Permission.APP_RUN),
            forking(done.run_id, graph=ForkGraph.DRAFT),
        )


async def test_a_draft_that_means_the_same_is_still_of_the_version(house: House) -> None:
    done = await house.run(await house.published())

    fork = await house.fork(done, graph=ForkGraph.DRAFT)

    assert house.began_with(fork).app_version_id == house.began_with(done).app_version_id


async def test_a_run_of_a_draft_is_gone_on_from_after_the_draft_has_changed(house: House) -> None:
    app_id = await house.made()
    done = await house.run(app_id, version=VersionChoice.DRAFT)
    await house.redraw(app_id, SHORTENED)

    fork = await house.fork(done)

    assert house.outputs(fork)["first"] == "first 1"
    assert house.began_with(fork).graph_hash == house.began_with(done).graph_hash


async def test_variables_of_the_conversation_can_be_others(house: House) -> None:
    declared = [{"name": "mood", "type": "string", "value": "calm"}]
    app_id = await house.published(
        workflow(taking(NAME), model_node("second"), ending(), conversation=declared)
    )
    done = await house.run(app_id)

    fork = await house.fork(done, variables={"conversation.mood": "glad"})

    assert house.began_with(fork).conversation == {"mood": "glad"}
