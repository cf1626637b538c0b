"""Runs over HTTP: looking at them, following them from any process and any position."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dify_hex.domain.account.permissions import Role
from tests.contract.running_api import RunningApi, run_api, settings_for
from tests.contract.world import World
from tests.fakes.running_model_server import run_model_server
from tests.fakes.servers import RunningServers

Json = dict[str, Any]
PASSING = {"message.delta", "message.reset", "node.delta", "error", "done"}


@dataclass
class Seen:
    """What a client has been shown."""

    events: list[tuple[str, str, Json]] = field(default_factory=list)

    @property
    def last_id(self) -> str:
        return self.events[-1][0]

    @property
    def types(self) -> list[str]:
        return [kind for _, kind, _ in self.events]

    @property
    def journalled(self) -> list[str]:
        return [at for at, kind, _ in self.events if kind not in PASSING]

    @property
    def text(self) -> str:
        text = ""
        for _, kind, data in self.events:
            if kind == "message.reset":
                text = data["text"]
            elif kind == "message.delta":
                text += data["text"]
        return text

    async def read(self, answer: httpx.Response, *, events: int = 1_000_000) -> None:
        """Take so many events, or all there are."""
        at = kind = ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                at = value
            elif name == "event":
                kind = value
            elif name == "data":
                self.events.append((at, kind, json.loads(value)))
                events -= 1
                if events == 0:
                    return


@pytest.fixture(scope="module")
def second_api(
    database: RunningServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    """Another API process over the same servers."""
    with run_model_server() as models:
        settings = settings_for(database, tmp_path_factory.mktemp("second"), models.url)
        with run_api(settings) as api:
            yield api


@pytest.fixture
async def here(api: RunningApi, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(api, world) as client:
        yield client


@pytest.fixture
async def there(
    second_api: RunningApi, api: RunningApi, world: World
) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(second_api, world) as client:
        # Two homes have two signing keys; an API key is good everywhere.
        made = world.made(
            "/v1/api-keys",
            {"name": uuid4().hex, "scopes": ["app:run", "conversation:read", "run:read"]},
            world.signed_in(Role.OWNER),
        )
        client.headers["authorization"] = f"Bearer {made['secret']}"
        yield client


def _client(api: RunningApi, world: World) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {world.signed_in(Role.OWNER)}"}
    return httpx.AsyncClient(base_url=api.url, timeout=30, headers=headers)


@pytest.fixture
async def app(here: httpx.AsyncClient) -> str:
    """The id of a published chat app."""
    made = await here.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})
    app_id: str = made.json()["data"]["id"]
    await here.post(f"/v1/apps/{app_id}/publish")
    return app_id


async def said(client: httpx.AsyncClient, app: str, query: str, **fields: Any) -> Json:
    body = {"query": query, "user": "ann", **fields}
    answer = await client.post(f"/v1/apps/{app}/messages", json=body)
    assert answer.is_success, answer.text
    data: Json = answer.json()["data"]
    return data


async def follow(
    client: httpx.AsyncClient, path: str, after: str | None = None, *, events: int = 1_000_000
) -> Seen:
    """What a client sees of a stream from a position on."""
    seen = Seen()
    headers = {} if after is None else {"last-event-id": after}
    async with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        await seen.read(answer, events=events)
    return seen


async def test_a_run_shows_where_it_stands_and_what_came_of_it(
    here: httpx.AsyncClient, app: str
) -> None:
    message = await said(here, app, "[[text='Hi there.']]")
    run = (await here.get(f"/v1/workflow-runs/{message['run_id']}")).json()["data"]
    assert (run["status"], run["progress"], run["error"]) == ("succeeded", 100, None)
    assert run["app_id"] == app
    assert run["message_id"] == message["id"]
    assert run["usage"]["total_tokens"] > 0
    assert run["_links"]["events"] == f"/v1/workflow-runs/{run['id']}/events"


async def test_runs_are_listed_by_app_newest_first(here: httpx.AsyncClient, app: str) -> None:
    runs = [(await said(here, app, f"Number {n}"))["run_id"] for n in range(3)]
    first = (await here.get("/v1/workflow-runs", params={"app_id": app, "limit": 2})).json()
    assert [run["id"] for run in first["data"]] == [runs[2], runs[1]]
    cursor = first["pagination"]["next_cursor"]
    rest = await here.get("/v1/workflow-runs", params={"app_id": app, "limit": 2, "after": cursor})
    assert [run["id"] for run in rest.json()["data"]] == [runs[0]]
    none = await here.get("/v1/workflow-runs", params={"app_id": app, "status": "failed"})
    assert none.json()["data"] == []


@pytest.mark.parametrize("route", ["", "/events"])
async def test_a_run_that_does_not_exist_is_not_found(here: httpx.AsyncClient, route: str) -> None:
    answer = await here.get(f"/v1/workflow-runs/{uuid4()}{route}")
    assert (answer.status_code, answer.json()["code"]) == (404, "workflow_run_not_found")


@pytest.mark.parametrize("deleted", ["conversation", "app"])
async def test_what_was_deleted_is_not_shown_by_way_of_its_runs(
    here: httpx.AsyncClient, app: str, deleted: str
) -> None:
    message = await said(here, app, "Remember 4711.")
    conversation = f"/v1/conversations/{message['conversation_id']}"
    run = f"/v1/workflow-runs/{message['run_id']}"
    gone = await here.delete({"conversation": conversation, "app": f"/v1/apps/{app}"}[deleted])
    assert gone.is_success, gone.text
    paths = [run, f"{run}/events", f"/v1/messages/{message['id']}", conversation]
    assert [(await here.get(path)).status_code for path in paths] == [404] * 4
    assert (await here.post(f"{run}/stop")).status_code == 404
    runs = (await here.get("/v1/workflow-runs")).json()["data"]
    assert message["run_id"] not in [each["id"] for each in runs]


async def test_deleting_a_conversation_ends_the_stream_of_its_answer(
    here: httpx.AsyncClient, app: str
) -> None:
    sending = asyncio.create_task(said_or_failed(here, app, "[[tokens=500 delay=0.05]]"))
    run_id = await _only_run(here, app)
    following = asyncio.create_task(follow(here, f"/v1/workflow-runs/{run_id}/events"))
    await asyncio.sleep(0.3)
    listed = await here.get("/v1/conversations", params={"app_id": app})
    conversation_id = listed.json()["data"][0]["id"]
    answer = await here.delete(f"/v1/conversations/{conversation_id}")
    assert answer.is_success, answer.text
    assert (await following).types[-2:] == ["run.stopped", "done"]
    await sending


async def test_nodes_are_shown_on_demand(here: httpx.AsyncClient, app: str) -> None:
    message = await said(here, app, "Hello")
    path = f"/v1/workflow-runs/{message['run_id']}/events"
    plain, detailed = await follow(here, path), await follow(here, f"{path}?detail=nodes")
    assert not [kind for kind in plain.types if kind.startswith("node.")]
    assert "node.succeeded" in detailed.types
    assert [int(at.partition(".")[0]) for at in detailed.journalled] == list(
        range(1, len(detailed.journalled) + 1)
    )


@pytest.mark.parametrize("place", ["here", "there"])
async def test_a_finished_run_is_resumed_from_every_position(
    here: httpx.AsyncClient, there: httpx.AsyncClient, app: str, place: str
) -> None:
    message = await said(here, app, "[[tokens=6 delay=0.03]]")
    path = f"/v1/workflow-runs/{message['run_id']}/events?detail=nodes"
    whole = await follow(here, path)
    assert whole.text == message["answer"]
    client = {"here": here, "there": there}[place]
    for count in range(len(whole.events)):
        before = Seen(whole.events[:count])
        after = before.last_id if count else None
        rest = await follow(client, path, after)
        both = Seen([event for event in before.events if event[1] != "done"] + rest.events)
        assert both.text == message["answer"], after
        assert both.journalled == whole.journalled, after
        assert both.types[-1] == "done"


async def test_a_running_run_is_followed_from_another_process_in_pieces(
    here: httpx.AsyncClient, there: httpx.AsyncClient, app: str
) -> None:
    sending = asyncio.create_task(said(here, app, "[[tokens=60 delay=0.03]]"))
    run_id = await _only_run(here, app)
    path = f"/v1/workflow-runs/{run_id}/events"
    seen, clients = Seen(), [there, here]
    for turn in range(40):
        after = seen.last_id if seen.events else None
        seen.events += (await follow(clients[turn % 2], path, after, events=3)).events
        if seen.types[-1] == "done":
            break
    else:
        seen.events += (await follow(there, path, seen.last_id)).events
    message = await sending
    assert seen.text == message["answer"]
    assert len(set(seen.journalled)) == len(seen.journalled)
    assert seen.journalled[-1] == seen.last_id


async def test_a_stopped_run_ends_its_stream(here: httpx.AsyncClient, app: str) -> None:
    sending = asyncio.create_task(said_or_failed(here, app, "[[tokens=500 delay=0.05]]"))
    run_id = await _only_run(here, app)
    following = asyncio.create_task(follow(here, f"/v1/workflow-runs/{run_id}/events"))
    await asyncio.sleep(0.3)
    answer = await here.post(f"/v1/workflow-runs/{run_id}/stop")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/workflow-runs/{run_id}"
    seen = await following
    assert seen.types[-2:] == ["run.stopped", "done"]
    complete = next(data for _, kind, data in seen.events if kind == "message.complete")
    assert seen.text == complete["answer"]
    again = await here.post(f"/v1/workflow-runs/{run_id}/stop")
    assert (again.status_code, again.json()["data"]["status"]) == (202, "stopped")
    await sending


async def test_a_malformed_position_is_refused(here: httpx.AsyncClient, app: str) -> None:
    message = await said(here, app, "Hello")
    answer = await here.get(f"/v1/workflow-runs/{message['run_id']}/events?after=latest")
    assert (answer.status_code, answer.json()["code"]) == (400, "stream_malformed_position")


async def said_or_failed(client: httpx.AsyncClient, app: str, query: str) -> int:
    body = {"query": query, "user": "ann"}
    return (await client.post(f"/v1/apps/{app}/messages", json=body)).status_code


async def _only_run(client: httpx.AsyncClient, app: str) -> str:
    for _ in range(100):
        found = (await client.get("/v1/workflow-runs", params={"app_id": app})).json()["data"]
        if found:
            run_id: str = found[0]["id"]
            return run_id
        await asyncio.sleep(0.02)
    raise AssertionError("no run has begun")
