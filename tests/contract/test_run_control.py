"""Runs that wait for people, are paused, tried again, forked, replayed and compared."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.conftest import check_foreseen
from tests.contract.running_api import RunningApi
from tests.contract.test_workflows import drawn, published, run, workflow

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def worker(api: RunningApi) -> Iterator[None]:
    """Somebody who takes on the runs that nobody owns."""
    claimer = api.container.workflow().claimer()

    async def claim() -> None:
        while True:
            await claimer.claim_once()
            await asyncio.sleep(0.05)

    claiming = asyncio.run_coroutine_threadsafe(claim(), api.loop)
    yield
    claiming.cancel()


@pytest.fixture
async def stranger(api: RunningApi) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without credentials; an answer that the document does not foresee fails the test."""

    async def foreseen(answer: httpx.Response) -> None:
        await answer.aread()
        check_foreseen(api.document, answer)

    hooks = {"response": [foreseen]}
    async with httpx.AsyncClient(base_url=api.url, timeout=30, event_hooks=hooks) as client:
        yield client


def asking(**fields: Any) -> Json:
    """Start → ask → end, by the action and by the timeout."""
    config = {
        "form_content": "Dear {{#start.name#}}: {{#$output.comment#}}",
        "inputs": [
            {"type": "paragraph", "output_variable_name": "comment"},
            {
                "type": "select",
                "output_variable_name": "grade",
                "option_source": {"type": "constant", "value": ["good", "bad"]},
                "default": {"type": "constant", "value": "good"},
            },
        ],
        "user_actions": [{"id": "approve", "title": "Approve"}, {"id": "reject", "title": "No"}],
        **fields,
    }
    outputs = [
        {"variable": name, "value_selector": ["ask", key]}
        for name, key in (
            ("comment", "comment"),
            ("action", "__action_value"),
            ("text", "__rendered_content"),
        )
    ]
    return {
        "nodes": [
            {
                "id": "start",
                "type": "start",
                "config": {"variables": [{"variable": "name", "type": "text-input"}]},
            },
            {"id": "ask", "type": "human-input", "config": config},
            {"id": "end", "type": "end", "config": {"run_outputs": outputs}},
        ],
        "edges": [
            {"source": "start", "target": "ask"},
            {"source": "ask", "target": "end", "handle": "approve"},
        ],
    }


async def waiting(client: httpx.AsyncClient) -> tuple[str, Json]:
    """A run that waits for a form."""
    app_id = await published(client, workflow(asking()))
    answer = await run(client, app_id)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["status"] == "paused"
    forms = (await client.get(f"/v1/workflow-runs/{data['id']}/forms")).json()["data"]
    assert len(forms) == 1
    return data["id"], forms[0]


async def ended(client: httpx.AsyncClient, run_id: str) -> Json:
    """The run once it has ended."""
    async with asyncio.timeout(15):
        while True:
            data: Json = (await client.get(f"/v1/workflow-runs/{run_id}")).json()["data"]
            if data["progress"] == 100:
                return data
            await asyncio.sleep(0.05)


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

        began = (await client.get(f"/v1/workflow-runs/{second}")).json()["data"]["started_at"]
        assert await found(user="bob") == [second]
        assert await found(parent=first) == [third]
        assert await found(created_before=began) == [first]
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


class TestBranching:
    async def test_a_fork_keeps_what_came_before_and_takes_other_values(
        self, client: httpx.AsyncClient
    ) -> None:
        app_id = await published(client)
        parent = (await run(client, app_id)).json()["data"]["id"]
        body = {"node_id": "greet", "variables": {"start.name": "Bob"}}

        answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert data["outputs"] == {"greeting": "Hello Bob", "times": 2}
        shown = (await client.get(f"/v1/workflow-runs/{data['id']}")).json()["data"]
        assert shown["parent_run_id"] == parent

    async def test_other_inputs_reach_what_is_done_again(self, client: httpx.AsyncClient) -> None:
        app_id = await published(client)
        parent = (await run(client, app_id)).json()["data"]["id"]
        body = {"node_id": "end", "inputs": {"times": 9}}

        answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

        assert answer.json()["data"]["outputs"] == {"greeting": "Hello Ann", "times": 9}

    async def test_a_fork_to_the_draft_does_what_has_changed_again(
        self, client: httpx.AsyncClient
    ) -> None:
        app_id = await published(client)
        parent = (await run(client, app_id)).json()["data"]["id"]
        draft = await client.get(f"/v1/apps/{app_id}/draft")
        changed = draft.json()["data"]
        graph = (
            changed["configuration"]["graph"] if "configuration" in changed else changed["graph"]
        )
        for node in graph["nodes"]:
            if node["id"] == "greet":
                node["config"]["template"] = "Goodbye {{ who }}"
        put = await client.put(
            f"/v1/apps/{app_id}/draft",
            json=workflow(graph),
            headers={"if-match": draft.headers["etag"]},
        )
        assert put.status_code == 200, put.text

        answer = await client.post(
            f"/v1/workflow-runs/{parent}/fork", json={"node_id": "end", "graph": "draft"}
        )

        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["outputs"]["greeting"] == "Goodbye Ann"

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({"node_id": "nowhere"}, "node_id"),
            ({"node_id": "greet", "variables": {"end.greeting": 1}}, "variables.end.greeting"),
            ({"node_id": "greet", "variables": {"start": 1}}, "variables.start"),
        ],
    )
    async def test_a_fork_that_cannot_be_meant_is_refused(
        self, client: httpx.AsyncClient, body: Json, path: str
    ) -> None:
        app_id = await published(client)
        parent = (await run(client, app_id)).json()["data"]["id"]

        answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

        assert (answer.status_code, answer.json()["code"]) == (422, "workflow_fork_invalid")
        assert [fault["path"] for fault in answer.json()["details"]["faults"]] == [path]

    async def test_a_stopped_run_is_tried_again_in_the_background(
        self, client: httpx.AsyncClient
    ) -> None:
        run_id, _ = await waiting(client)
        early = await client.post(f"/v1/workflow-runs/{run_id}/retry")
        assert (early.status_code, early.json()["code"]) == (409, "workflow_run_under_way")
        await client.post(f"/v1/workflow-runs/{run_id}/stop")
        await ended(client, run_id)

        answer = await client.post(
            f"/v1/workflow-runs/{run_id}/retry", json={"response": "background"}
        )

        assert answer.status_code == 202, answer.text
        place = answer.headers["location"]
        for _ in range(200):
            if (await client.get(place)).json()["data"]["status"] == "paused":
                break
            await asyncio.sleep(0.05)
        forms = (await client.get(f"{place}/forms")).json()["data"]
        assert [form["status"] for form in forms] == ["open"]
        await client.post(f"{place}/stop")

    async def test_a_run_in_which_all_went_well_has_nothing_to_retry(
        self, client: httpx.AsyncClient
    ) -> None:
        app_id = await published(client)
        run_id = (await run(client, app_id)).json()["data"]["id"]

        answer = await client.post(f"/v1/workflow-runs/{run_id}/retry")

        assert (answer.status_code, answer.json()["code"]) == (409, "workflow_nothing_to_retry")

    async def test_the_run_of_a_message_is_not_branched(self, client: httpx.AsyncClient) -> None:
        made = await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})
        app_id = made.json()["data"]["id"]
        await client.post(f"/v1/apps/{app_id}/publish")
        said = await client.post(
            f"/v1/apps/{app_id}/messages",
            json={"query": "Hi", "user": "ann", "response": "blocking"},
        )
        run_id = said.json()["data"]["run_id"]

        answer = await client.post(f"/v1/workflow-runs/{run_id}/fork", json={"node_id": "llm"})

        assert (answer.status_code, answer.json()["code"]) == (409, "workflow_run_of_message")
