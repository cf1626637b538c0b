"""A workflow is not published that would come to run inside of itself."""

import pytest

from dify_hex.application.app import link_inspection
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.app.errors import AppConfigurationInvalid
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.fault import Fault
from tests.builders.flow import END, START, Json, workflow
from tests.unit.application.app.conftest import AppHouse


def link(to: AppId, node_id: str = "link", version: int | str = "latest") -> Json:
    return {
        "id": node_id,
        "type": "sub-workflow",
        "config": {"app_id": str(to), "version": version},
    }


def linking(*links: Json) -> WorkflowConfiguration:
    return workflow(START, *links, END)


async def published(house: AppHouse, name: str, *links: Json) -> AppId:
    app = await house.made(name, linking(*links))
    await house.published(app.id)
    return app.id


async def redrawn(house: AppHouse, app_id: AppId, *links: Json) -> list[Fault]:
    draft = await house.configured(app_id, linking(*links), 1)
    return [fault for fault in draft.faults if fault.code == "link_circle"]


async def test_a_workflow_that_links_to_itself_is_refused(house: AppHouse) -> None:
    app_id = await published(house, "Home")
    await redrawn(house, app_id, link(app_id))

    with pytest.raises(AppConfigurationInvalid) as refused:
        await house.published(app_id)

    (fault,) = refused.value.faults
    assert (fault.code, fault.node_id, fault.field) == ("link_circle", "link", "app_id")


async def test_so_is_one_that_others_lead_back_to(house: AppHouse) -> None:
    home = await published(house, "Home")
    near = await published(house, "Near", link(home))
    far = await published(house, "Far", link(near))

    (fault,) = await redrawn(house, home, link(far, "to_far"))

    assert fault.node_id == "to_far"
    assert f"by way of {far}, {near};" in fault.message


async def test_every_node_that_leads_back_is_told(house: AppHouse) -> None:
    home = await published(house, "Home")
    near = await published(house, "Near", link(home))
    harmless = await published(house, "Harmless")

    links = (link(home, "one"), link(harmless, "two"), link(near, "three"), link(near, "four"))
    faults = await redrawn(house, home, *links)

    assert [fault.node_id for fault in faults] == ["one", "three", "four"]


async def test_the_pinned_version_counts_not_the_latest(house: AppHouse) -> None:
    home = await published(house, "Home")
    near = await published(house, "Near")
    await redrawn(house, near, link(home))
    await house.published(near)

    assert await redrawn(house, home, link(near, version=1)) == []


async def test_workflows_that_others_lead_to_in_two_ways_are_no_circle(house: AppHouse) -> None:
    end = await published(house, "End")
    left, right = [await published(house, name, link(end)) for name in ("Left", "Right")]
    home = await published(house, "Home")

    assert await redrawn(house, home, link(left, "left"), link(right, "right")) == []


async def test_what_cannot_be_run_leads_nowhere(house: AppHouse) -> None:
    home = await published(house, "Home")
    draft = await house.made("Draft", linking(link(home)))
    gone = AppId(new_id())

    assert await redrawn(house, home, link(draft.id, "one"), link(gone, "two")) == []


async def test_only_so_many_are_looked_at(house: AppHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_inspection, "MAX_LOOKED_AT", 1)
    home = await published(house, "Home")
    near = await published(house, "Near", link(home))
    far = await published(house, "Far", link(near))

    assert await redrawn(house, home, link(far)) == []
