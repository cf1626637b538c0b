"""Runs that wait for people, are paused, found, replayed and compared."""

import asyncio
from uuid import UUID

import httpx
import pytest

from tests.contract.running_api import RunningApi
from tests.contract.test_workflows import drawn, published, run, workflow
from tests.contract.waiting_runs import asking, ended, waiting

pytestmark = pytest.mark.usefixtures("worker")


async def an_hour_later(api: RunningApi, run_id: str) -> None:
    """Let the time of the run's form be up."""
    pool = api.container.shared().system_pool()
    moved = await pool.execute(
        "UPDATE workflow_forms SET due_at = due_at - interval '61 minutes' WHERE run_id = $1",
        UUID(run_id),
    )
    assert moved == "UPDATE 1"


class TestForms:
    async def test_a_form_is_filled_by_whoever_has_its_token(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)
        shown = await stranger.get(form["path"])
        assert shown.status_code == 200, shown.text
        assert shown.json()["data"]["content"] == "Dear Ann: {{#$output.comment#}}"
        assert "token" not in shown.json()["data"]

        body = {"action": "approve", "inputs": {"comment": "Fine."}}
        answer = await stranger.post(form["path"], json=body)
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "answered")

        result = (await ended(client, run_id))["result"]
        assert result == {"comment": "Fine.", "action": "Approve", "text": "Dear Ann: Fine."}

    async def test_the_second_answer_is_late(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)
        body = {"action": "approve", "inputs": {"comment": "Fine."}}
        await stranger.post(form["path"], json=body)

        again = await stranger.post(form["path"], json=body)
        shown = await stranger.get(form["path"])

        assert (again.status_code, again.json()["code"]) == (410, "workflow_form_closed")
        assert shown.status_code == 410
        await ended(client, run_id)

    async def test_when_nobody_answers_in_time_the_run_goes_another_way(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: RunningApi
    ) -> None:
        graph = asking(timeout=1, timeout_unit="hour")
        nobody = [{"variable": "unheard", "value_selector": ["start", "name"]}]
        graph["nodes"].append({"id": "late", "type": "end", "config": {"run_outputs": nobody}})
        graph["edges"].append({"source": "ask", "target": "late", "handle": "__timeout"})
        app_id = await published(client, workflow(graph))
        run_id = (await run(client, app_id)).json()["data"]["id"]
        (form,) = (await client.get(f"/v1/workflow-runs/{run_id}/forms")).json()["data"]

        api.do(an_hour_later(api, run_id))
        api.do(api.container.run_control().sweep_timers().execute())

        late = await stranger.post(form["path"], json={"action": "approve", "inputs": {}})
        assert (late.status_code, late.json()["code"]) == (410, "workflow_form_closed")
        told = await ended(client, run_id)
        assert (told["status"], told["result"]) == ("succeeded", {"unheard": "Ann"})

    async def test_what_does_not_fit_is_named(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)
        body = {"action": "burn", "inputs": {"grade": "awful", "other": 1}}

        answer = await stranger.post(form["path"], json=body)

        assert (answer.status_code, answer.json()["code"]) == (422, "workflow_form_answer_invalid")
        faults = {fault["path"]: fault["code"] for fault in answer.json()["details"]["faults"]}
        assert faults == {
            "action": "form_action_unknown",
            "inputs.comment": "form_field_missing",
            "inputs.grade": "form_field_option",
            "inputs.other": "form_field_unknown",
        }
        await client.post(f"/v1/workflow-runs/{run_id}/stop")

    @pytest.mark.parametrize("token", ["nonsense", "A" * 86, "ä"])
    async def test_a_token_that_was_not_made_here_leads_nowhere(
        self, stranger: httpx.AsyncClient, token: str
    ) -> None:
        answer = await stranger.get(f"/v1/forms/{token}")

        assert (answer.status_code, answer.json()["code"]) == (404, "workflow_form_not_found")

    async def test_stopping_a_run_that_waits_closes_its_form(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)

        await client.post(f"/v1/workflow-runs/{run_id}/stop")

        assert (await ended(client, run_id))["status"] == "stopped"
        assert (await stranger.get(form["path"])).status_code == 410
        forms = (await client.get(f"/v1/workflow-runs/{run_id}/forms")).json()["data"]
        assert forms[0]["status"] == "closed"

    async def test_e_mail_is_refused_when_the_workflow_is_published(
        self, client: httpx.AsyncClient
    ) -> None:
        graph = asking(delivery_methods=[{"type": "email", "enabled": True}])
        app_id = await drawn(client, workflow(graph))

        answer = await client.post(f"/v1/apps/{app_id}/publish")

        assert answer.status_code == 422
        assert "delivery_unavailable" in answer.text


class TestPausing:
    async def test_a_paused_run_goes_on_when_it_is_resumed(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)
        path = f"/v1/workflow-runs/{run_id}"
        paused = await client.post(f"{path}/pause")
        assert (paused.status_code, paused.json()["data"]["status"]) == (202, "paused")
        assert paused.json()["data"]["expires_at"] is not None
        body = {"action": "approve", "inputs": {"comment": "Fine."}}
        await stranger.post(form["path"], json=body)
        await asyncio.sleep(0.2)
        assert (await client.get(path)).json()["data"]["status"] == "paused"

        resumed = await client.post(f"{path}/resume")

        assert resumed.status_code == 202
        assert (await ended(client, run_id))["status"] == "succeeded"

    @pytest.mark.parametrize("verb", ["pause", "resume"])
    async def test_a_run_that_has_ended_stays_as_it_is(
        self, client: httpx.AsyncClient, verb: str
    ) -> None:
        app_id = await published(client)
        run_id = (await run(client, app_id)).json()["data"]["id"]

        answer = await client.post(f"/v1/workflow-runs/{run_id}/{verb}")

        assert (answer.status_code, answer.json()["code"]) == (409, "workflow_run_state")


class TestLookingBack:
    async def test_runs_are_found_by_user_parent_and_time(self, client: httpx.AsyncClient) -> None:
        app_id = await published(client)
        first = (await run(client, app_id, user="ann")).json()["data"]["id"]
        second = (await run(client, app_id, user="bob")).json()["data"]["id"]
        fork = await client.post(f"/v1/workflow-runs/{first}/fork", json={"node_id": "greet"})
        third = fork.json()["data"]["id"]

        async def found(**query: str) -> list[str]:
            answer = await client.get("/v1/workflow-runs", params={"app_id": app_id, **query})
            assert answer.status_code == 200, answer.text
            return [each["id"] for each in answer.json()["data"]]

        over = (await client.get(f"/v1/workflow-runs/{first}")).json()["data"]["finished_at"]
        assert await found(user="bob") == [second]
        assert await found(parent=first) == [third]
        assert await found(created_before=over) == [first]
        assert await found(created_after="2999-01-01T00:00:00Z") == []

    async def test_a_run_tells_what_it_began_with_and_how_long_it_took(
        self, client: httpx.AsyncClient
    ) -> None:
        app_id = await published(client)
        run_id = (await run(client, app_id)).json()["data"]["id"]

        shown = (await client.get(f"/v1/workflow-runs/{run_id}")).json()["data"]

        assert shown["inputs"]["name"] == "Ann"
        assert shown["elapsed"] >= 0
        assert shown["parent_run_id"] is None

    async def test_nodes_are_told_in_pages(self, client: httpx.AsyncClient) -> None:
        app_id = await published(client)
        run_id = (await run(client, app_id)).json()["data"]["id"]
        path = f"/v1/workflow-runs/{run_id}/nodes"

        first = (await client.get(path, params={"limit": 2})).json()["data"]
        rest = (await client.get(path, params={"after": first["next_after"]})).json()["data"]

        nodes = first["nodes"] + rest["nodes"]
        assert [each["node_id"] for each in nodes] == ["start", "greet", "end"]
        assert [each["status"] for each in nodes] == ["succeeded"] * 3
        assert nodes[1]["outputs"] == {"output": "Hello Ann"}
        assert rest["next_after"] is None

    async def test_a_replay_finds_no_difference(
        self, client: httpx.AsyncClient, stranger: httpx.AsyncClient
    ) -> None:
        run_id, form = await waiting(client)
        body = {"action": "approve", "inputs": {"comment": "Fine."}}
        await stranger.post(form["path"], json=body)
        await ended(client, run_id)

        answer = await client.post(f"/v1/workflow-runs/{run_id}/replay")

        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["same"], answer.text

    async def test_two_runs_are_compared(self, client: httpx.AsyncClient) -> None:
        app_id = await published(client)
        ids = [
            (await run(client, app_id, inputs={"name": name})).json()["data"]["id"]
            for name in ("Ann", "Ann", "Bob")
        ]

        same, other = [
            (await client.get(f"/v1/workflow-runs/{ids[0]}/compare", params={"with": each})).json()[
                "data"
            ]
            for each in ids[1:]
        ]

        assert (same["same"], same["diverges_at"]) == (True, None)
        assert (other["same"], other["diverges_at"]["node_id"]) == (False, "start")
        assert [each["same"] for each in other["nodes"]] == [False] * 3
