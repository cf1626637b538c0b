"""Talking to an app over HTTP: stream, blocking, background, stopping, sending twice."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.contract.talking import Event, ended, events_in, published, said, say


@pytest.fixture
async def app(client: httpx.AsyncClient) -> str:
    """The id of a published chat app."""
    return await published(client)


@pytest.fixture
async def streaming(client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The same caller, whose answers are read while they come."""
    async with httpx.AsyncClient(
        base_url=client.base_url, timeout=30, headers=client.headers
    ) as plain:
        yield plain


async def test_a_blocking_message_is_answered_whole(client: httpx.AsyncClient, app: str) -> None:
    message = await said(client, app, "[[text='Hi there.']] Hello")

    assert (message["status"], message["answer"]) == ("succeeded", "Hi there.")
    assert message["usage"]["total_tokens"] > 0
    assert message["usage"]["first_token_ms"] is not None
    assert message["error"] is None
    stored = await ended(client, message["id"])
    for name in ("answer", "status", "query", "conversation_id", "run_id", "parent_id"):
        assert stored[name] == message[name]
    assert stored["usage"]["completion_tokens"] == message["usage"]["completion_tokens"]


async def test_a_streamed_message_tells_its_text_and_ends_with_done(
    streaming: httpx.AsyncClient, app: str
) -> None:
    body = {"query": "[[tokens=4]] Hello", "user": "ann", "response": "stream"}
    async with streaming.stream("POST", f"/v1/apps/{app}/messages", json=body) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [event async for event in events_in(answer)]

    kinds = [kind for kind, _ in events]
    text = "".join(data["text"] for kind, data in events if kind == "message.delta")
    assert kinds[0] == "run.started"
    assert kinds[-2:] == ["run.succeeded", "done"]
    (complete,) = [data for kind, data in events if kind == "message.complete"]
    assert complete["answer"] == text == "t0 t1 t2 t3 "[: len(text)]


def text_of(events: list[Event]) -> str:
    """What a reader of the events holds in the end."""
    text = ""
    for kind, data in events:
        if kind == "message.reset":
            text = data["text"]
        elif kind == "message.delta":
            text += data["text"]
    return text


async def test_a_stream_can_be_read_again_and_resumed(client: httpx.AsyncClient, app: str) -> None:
    message = await said(client, app, "[[tokens=3]] Hello")
    place = f"/v1/messages/{message['id']}/events"

    whole = await client.get(place)
    ids = [line.removeprefix("id: ") for line in whole.text.splitlines() if line.startswith("id:")]
    rest = await client.get(place, params={"after": ids[1]})

    events = [event async for event in events_in(whole)]
    later = [event async for event in events_in(rest)]
    assert text_of(events) == text_of(later) == message["answer"]
    assert events[-3:] == later[-3:]
    assert [kind for kind, _ in events[:2]] == ["run.started", "message.started"]
    assert "run.started" not in [kind for kind, _ in later]


async def test_a_background_message_is_accepted_with_where_to_look(
    client: httpx.AsyncClient, app: str
) -> None:
    answer = await say(client, app, response="background")

    accepted = answer.json()["data"]
    place = f"/v1/messages/{accepted['id']}"
    assert (answer.status_code, answer.headers["location"]) == (202, place)
    assert accepted["status"] == "pending"
    assert accepted["_links"] == {
        "status": place,
        "events": f"{place}/events",
        "stop": f"{place}/stop",
    }
    assert (await client.get(place)).json()["data"]["status"] == "running"


async def test_inputs_are_checked_all_at_once_and_filled(client: httpx.AsyncClient) -> None:
    app_id = await published(
        client,
        configuration={
            "mode": "chat",
            "model": {"provider": "local", "model": "smollm2-135m-instruct"},
            "prompt": {
                "text": "Be {{ tone }}.",
                "variables": [
                    {"name": "tone", "type": "select", "options": ["kind", "dry"]},
                    {"name": "age", "type": "number", "required": False, "default": 7},
                ],
            },
        },
    )

    wrong = await say(client, app_id, " ", inputs={"tone": "rude", "colour": 1, "age": "x"})
    right = await said(client, app_id, inputs={"tone": "dry"})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "app_inputs_invalid")
    assert [fault["path"] for fault in wrong.json()["details"]["faults"]] == [
        "query",
        "inputs.tone",
        "inputs.age",
        "inputs.colour",
    ]
    assert right["inputs"] == {"tone": "dry", "age": 7}


async def test_an_app_that_is_not_published_or_archived_does_not_answer(
    client: httpx.AsyncClient, app: str
) -> None:
    made = await client.post("/v1/apps", json={"name": uuid4().hex})
    draft_only = made.json()["data"]["id"]
    await client.post(f"/v1/apps/{app}/archive")

    unpublished = await say(client, draft_only)
    archived = await say(client, app)

    assert (unpublished.status_code, unpublished.json()["code"]) == (409, "app_not_published")
    assert (archived.status_code, archived.json()["code"]) == (409, "app_archived")
    assert (await said(client, draft_only, version="draft"))["status"] == "succeeded"


async def test_a_model_that_fails_is_an_error_that_names_the_message(
    client: httpx.AsyncClient, app: str
) -> None:
    answer = await say(client, app, "[[status=400]] Hello")

    error = answer.json()
    assert (answer.status_code, error["code"]) == (503, "message_failed")
    stored = await ended(client, error["details"]["message_id"])
    assert stored["status"] == "failed"
    assert stored["error"]["code"] == error["details"]["reason"]


async def test_stopping_keeps_what_was_said_and_works_twice(
    streaming: httpx.AsyncClient, client: httpx.AsyncClient, app: str
) -> None:
    body = {"query": "[[tokens=500 delay=0.05]] Go on", "user": "ann", "response": "stream"}
    async with streaming.stream("POST", f"/v1/apps/{app}/messages", json=body) as answer:
        kinds: list[str] = []
        place = ""
        async for kind, data in events_in(answer):
            if kind == "message.started":
                place = f"/v1/messages/{data['message_id']}"
            if kind == "message.delta" and "message.delta" not in kinds:
                assert (await client.post(f"{place}/stop")).status_code == 200
            kinds.append(kind)

    assert kinds[-2:] == ["run.stopped", "done"]
    again = await client.post(f"{place}/stop", json={"user": "ann"})
    assert again.json()["data"]["status"] == "stopped"
    assert again.json()["data"]["answer"].startswith("t0")


async def test_a_message_sent_twice_with_one_key_is_one_message(
    client: httpx.AsyncClient, app: str
) -> None:
    key = {"idempotency-key": uuid4().hex}
    body = {"query": "Hello", "user": "ann"}

    first = await client.post(f"/v1/apps/{app}/messages", json=body, headers=key)
    again = await client.post(f"/v1/apps/{app}/messages", json=body, headers=key)

    assert first.json()["data"] == again.json()["data"]


async def test_a_stream_asked_for_twice_with_one_key_is_one_stream(
    client: httpx.AsyncClient, app: str
) -> None:
    key = {"idempotency-key": uuid4().hex}
    body = {"query": "Hello", "user": "ann", "response": "stream"}

    first = await client.post(f"/v1/apps/{app}/messages", json=body, headers=key)
    again = await client.post(f"/v1/apps/{app}/messages", json=body, headers=key)
    found = await client.get("/v1/conversations", params={"app_id": app})

    def complete(answer: httpx.Response) -> str:
        lines = answer.text.splitlines()
        return lines[lines.index("event: message.complete") + 1]

    assert complete(first) == complete(again)
    assert len(found.json()["data"]) == 1


async def test_a_key_bound_to_the_app_can_talk_to_it_and_to_no_other(
    client: httpx.AsyncClient, app: str
) -> None:
    other = await published(client)
    scopes = ["app:run", "conversation:read", "conversation:write"]
    made = await client.post(
        "/v1/api-keys", json={"name": uuid4().hex, "scopes": scopes, "app_id": app}
    )
    key = {"authorization": f"Bearer {made.json()['data']['secret']}"}
    theirs = await said(client, other)
    body = {"query": "Hello", "user": "ann"}

    mine = await client.post(f"/v1/apps/{app}/messages", json=body, headers=key)
    refused = await client.post(f"/v1/apps/{other}/messages", json=body, headers=key)
    peeking = await client.get(f"/v1/messages/{theirs['id']}", headers=key)
    draft = await client.post(
        f"/v1/apps/{app}/messages", json=body | {"version": "draft"}, headers=key
    )

    assert mine.status_code == 200
    assert refused.json()["code"] == peeking.json()["code"] == "auth_key_bound_to_other_app"
    assert (draft.status_code, draft.json()["code"]) == (403, "auth_insufficient_scope")


async def test_a_run_whose_caller_hung_up_is_stopped(client: httpx.AsyncClient, app: str) -> None:
    query = "[[tokens=500 delay=0.05]] Go on"

    with pytest.raises(httpx.ReadTimeout):
        await client.post(
            f"/v1/apps/{app}/messages",
            json={"query": query, "user": "impatient", "resume_window": 0},
            timeout=0.5,
        )

    found = await client.get("/v1/conversations", params={"app_id": app, "user": "impatient"})
    stopped = await ended(client, found.json()["data"][0]["head_id"])
    assert stopped["status"] == "stopped"
