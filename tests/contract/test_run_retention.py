"""How long an app's runs are kept is said over HTTP."""

import httpx
import pytest

from tests.contract.test_workflows import published


async def test_an_app_says_how_long_and_how_many(client: httpx.AsyncClient) -> None:
    path = f"/v1/apps/{await published(client)}/run-retention"

    before = await client.get(path)
    said = await client.put(path, json={"keep_days": 7, "keep_runs": 1000})
    narrowed = await client.put(path, json={"keep_days": 3})
    shown = await client.get(path)

    assert before.json()["data"] == {"keep_days": None, "keep_runs": None}
    assert said.json()["data"] == {"keep_days": 7, "keep_runs": 1000}
    assert narrowed.json()["data"] == shown.json()["data"] == {"keep_days": 3, "keep_runs": None}


@pytest.mark.parametrize("body", [{"keep_days": 0}, {"keep_runs": -1}, {"keep_days": True}])
async def test_what_cannot_be_meant_is_refused(
    client: httpx.AsyncClient, body: dict[str, int]
) -> None:
    path = f"/v1/apps/{await published(client)}/run-retention"

    assert (await client.put(path, json=body)).status_code == 422


async def test_an_app_out_of_use_is_left_as_it_is(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    await client.post(f"/v1/apps/{app_id}/archive")

    answer = await client.put(f"/v1/apps/{app_id}/run-retention", json={"keep_days": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "app_archived")
