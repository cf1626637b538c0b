"""Conversations over HTTP: going on, branching, feedback, and whose they are."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.talking import Json, published, said, say


@pytest.fixture
async def app(client: httpx.AsyncClient) -> str:
    """The id of a published chat app."""
    return await published(client)


async def test_a_conversation_goes_on_and_branches(client: httpx.AsyncClient, app: str) -> None:
    first = await said(client, app, "One")
    conversation_id = first["conversation_id"]

    second = await said(client, app, "Two", conversation_id=conversation_id)
    branch = await said(
        client, app, "Three", conversation_id=conversation_id, parent_id=first["id"]
    )
    root = await said(client, app, "Four", conversation_id=conversation_id, parent_id=None)
    listed = await client.get(f"/v1/conversations/{conversation_id}/messages?limit=3&user=ann")

    assert second["parent_id"] == branch["parent_id"] == first["id"]
    assert root["parent_id"] is None
    assert [message["query"] for message in listed.json()["data"]] == ["Four", "Three", "Two"]
    assert listed.json()["pagination"] == {"next_cursor": second["id"], "has_more": True}


async def test_the_model_is_reminded_of_the_branch(client: httpx.AsyncClient, app: str) -> None:
    first = await said(client, app, "[[text=Pomegranate]] Name a fruit.")

    second = await said(
        client, app, "[[echo=true]] Again?", conversation_id=first["conversation_id"]
    )

    assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]


async def test_who_replies_too_early_is_told_to_wait(client: httpx.AsyncClient, app: str) -> None:
    first = (await say(client, app, response="background")).json()["data"]

    busy = await say(client, app, conversation_id=first["conversation_id"])

    assert (busy.status_code, busy.json()["code"]) == (409, "conversation_busy")
    assert busy.json()["details"] == {"message_id": first["id"]}


async def test_another_users_conversation_does_not_exist(
    client: httpx.AsyncClient, app: str
) -> None:
    message = await said(client, app)
    conversation = f"/v1/conversations/{message['conversation_id']}"

    sending = await say(client, app, user="bob", conversation_id=message["conversation_id"])

    assert (sending.status_code, sending.json()["code"]) == (404, "conversation_not_found")
    for path in (conversation, f"{conversation}/messages", f"/v1/messages/{message['id']}"):
        assert (await client.get(path, params={"user": "bob"})).status_code == 404
        assert (await client.get(path, params={"user": "ann"})).status_code == 200
    assert (await client.delete(conversation, params={"user": "bob"})).status_code == 404


async def test_a_completion_takes_inputs_and_has_no_conversation(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client, mode="completion")

    message = await said(client, app_id, "", inputs={"text": "[[text=Done.]] Summarise."})
    wrong = await say(client, app_id, "", inputs={"text": "x"}, conversation_id=str(uuid4()))

    assert (message["answer"], message["conversation_id"]) == ("Done.", None)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "conversation_unsupported")


async def test_feedback_is_given_changed_and_taken_back(
    client: httpx.AsyncClient, app: str
) -> None:
    place = f"/v1/messages/{(await said(client, app))['id']}"

    async def judge(body: Json) -> Any:
        answer = await client.post(f"{place}/feedback", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["feedback"]

    assert await judge({"rating": "dislike", "reason": "Rude.", "user": "ann"}) == {
        "rating": "dislike",
        "reason": "Rude.",
    }
    assert await judge({"rating": "like"}) == {"rating": "like", "reason": ""}
    assert (await client.get(place)).json()["data"]["feedback"]["rating"] == "like"
    assert await judge({"rating": None}) is None
    stranger = await client.post(f"{place}/feedback", json={"rating": "like", "user": "bob"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "message_not_found")


async def test_conversations_are_listed_renamed_and_deleted(
    client: httpx.AsyncClient, app: str
) -> None:
    message = await said(client, app, "Where is my order?")
    other = await said(client, app, user="bob")
    place = f"/v1/conversations/{message['conversation_id']}"

    mine = await client.get("/v1/conversations", params={"app_id": app, "user": "ann"})
    everybody = await client.get("/v1/conversations", params={"app_id": app})
    stale = await client.patch(place, json={"name": "x"}, headers={"if-match": '"9"'})
    renamed = await client.patch(place, json={"name": " My order ", "user": "ann"})
    deleted = await client.delete(place, params={"user": "ann"})

    assert [found["name"] for found in mine.json()["data"]] == ["Where is my order?"]
    assert [found["id"] for found in everybody.json()["data"]] == [
        other["conversation_id"],
        message["conversation_id"],
    ]
    assert stale.status_code == 409
    assert renamed.json()["data"]["name"] == "My order"
    assert (await client.get("/v1/conversations")).status_code == 422
    assert deleted.status_code == 204
    for path in (place, f"{place}/messages", f"/v1/messages/{message['id']}"):
        assert (await client.get(path)).status_code == 404
    assert (await say(client, app, conversation_id=message["conversation_id"])).status_code == 404
