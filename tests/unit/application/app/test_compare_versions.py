"""What has to be done to one version of an app to make it another, or the draft."""

import pytest

from dify_hex.application.app.compare_app_versions import (
    CompareAppVersions,
    CompareAppVersionsCommand,
    VersionComparison,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppNotFound, AppVersionNotFound
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.shared.ids import AppId
from tests.builders.app import actor, chat, new_app
from tests.builders.flow import START, chatflow, taking, workflow
from tests.builders.recorded_runs import NAME, TALK, RecordedRuns, ending, model_node


async def compared(
    house: RecordedRuns, app_id: AppId, number: int = 1, other: int | None = None
) -> VersionComparison:
    use_case = CompareAppVersions(begin=house.begin, graphs=house.graphs)
    command = CompareAppVersionsCommand(app_id=app_id, number=number, other=other)
    return await use_case.execute(house.editor, command)


@pytest.fixture
def house() -> RecordedRuns:
    return RecordedRuns()


async def test_a_draft_that_was_not_touched_is_no_other(house: RecordedRuns) -> None:
    comparison = await compared(house, await house.published())

    assert comparison.is_empty
    assert (comparison.number, comparison.other) == (1, None)


async def test_nodes_and_settings_that_differ_are_named(house: RecordedRuns) -> None:
    app_id = await house.published()
    limits = FlowLimits(steps=7)
    short = workflow(taking(NAME), model_node("first"), ending(first="first.text"), limits=limits)
    await house.redraw(app_id, short)

    comparison = await compared(house, app_id)

    assert not comparison.is_empty
    assert comparison.fields == ("limits.steps",)
    assert comparison.graph is not None
    assert {change.node_id for change in comparison.graph.nodes} == {"second", "end"}


async def test_two_versions_are_compared_by_their_numbers(house: RecordedRuns) -> None:
    app_id = await house.published(chatflow("Hello"))
    await house.redraw(app_id, chatflow("Good day"))
    await house.publish(app_id)

    forth = await compared(house, app_id, 1, 2)

    assert forth.other == 2
    assert forth.graph is not None
    assert [change.node_id for change in forth.graph.nodes] == ["answer"]
    with pytest.raises(AppVersionNotFound):
        await compared(house, app_id, 1, 3)


async def test_a_draft_with_faults_is_compared_as_far_as_it_can_be_read(
    house: RecordedRuns,
) -> None:
    app_id = await house.published(TALK)
    await house.redraw(app_id, workflow(START, {"id": "x"}))

    comparison = await compared(house, app_id)

    assert comparison.graph is not None
    assert {"first", "second"} <= {change.node_id for change in comparison.graph.nodes}


async def test_apps_that_nobody_draws_differ_by_their_settings(house: RecordedRuns) -> None:
    app_id = await house.published(chat("Be kind."))
    unchanged = await compared(house, app_id)
    await house.redraw(app_id, chat("Be brief."))

    comparison = await compared(house, app_id)

    assert unchanged.is_empty
    assert (comparison.graph, comparison.fields) == (None, ("prompt.text",))


async def test_comparing_takes_the_right_to_read_an_app_that_exists(house: RecordedRuns) -> None:
    with pytest.raises(AppNotFound):
        await compared(house, new_app().id)

    app_id = await house.published()
    house.editor = actor(Permission.APP_RUN)
    with pytest.raises(PermissionDenied):
        await compared(house, app_id)
