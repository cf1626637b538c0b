"""Apps that answer from Knowledge: what they find, what they cite, and what they may not name."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract import knowing
from tests.contract.knowing import Json
from tests.contract.running_api import RunningApi
from tests.contract.talking import Event, ended, events_in, published, said
from tests.contract.world import World

TEXTS = {
    "lamps.txt": "The lamps of the harbour are lit at dusk by the keeper.",
    "bread.txt": "Bread is baked before dawn, and sold warm in the square.",
}
QUESTION = "When are the lamps lit? [[text='At dusk.']]"


@pytest.fixture(scope="module", autouse=True)
def _jobs(api: RunningApi) -> Iterator[None]:
    with knowing.jobs_done(api):
        yield


@pytest.fixture
async def harbour(client: httpx.AsyncClient, api: RunningApi) -> str:
    """A Knowledge about a harbour."""
    url = api.container.shared().settings().model.url
    models = {"scripted-words-embedding": "embedding"}
    house = await knowing.provider(client, str(url), **models)
    embedding = {"provider": house, "model": "scripted-words-embedding"}
    return await knowing.knowledge(client, TEXTS, embedding=embedding)


def using(*knowledge: str, **more: Any) -> Json:
    return {"sources": [{"knowledge_id": each} for each in knowledge], **more}


def chat(*knowledge: str, **more: Any) -> Json:
    return {
        "mode": "chat",
        "model": {"provider": "local", "model": "scripted"},
        "prompt": {"text": "Be kind."},
        "knowledge": using(*knowledge, **more),
    }


async def chat_app(client: httpx.AsyncClient, *knowledge: str, **more: Any) -> str:
    return await published(client, mode="chat", configuration=chat(*knowledge, **more))


async def streamed(client: httpx.AsyncClient, app_id: str, **fields: Any) -> list[Event]:
    body = {"query": QUESTION, "user": "ann", "response": "stream", **fields}
    async with client.stream("POST", f"/v1/apps/{app_id}/messages", json=body) as answer:
        return [event async for event in events_in(answer)]


def of(events: list[Event], kind: str) -> list[Json]:
    return [data for name, data in events if name == kind]


async def test_a_chat_tells_what_its_answer_stands_on(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chat_app(client, harbour, retrieval={"top_k": 1})

    events = await streamed(client, app_id)

    kinds = [name for name, _ in events]
    assert kinds.index("message.retrieval") < kinds.index("message.delta")
    (retrieval,), (complete,) = of(events, "message.retrieval"), of(events, "message.complete")
    (cited,) = retrieval["citations"]
    assert (cited["position"], cited["document_name"]) == (1, "lamps.txt")
    assert cited["knowledge_id"] == harbour
    assert cited["content"] == TEXTS["lamps.txt"]
    assert complete["citations"] == retrieval["citations"]
    assert "".join(data["text"] for data in of(events, "message.delta")) == "At dusk."


async def test_the_message_keeps_its_citations(client: httpx.AsyncClient, harbour: str) -> None:
    app_id = await chat_app(client, harbour)

    whole = await said(client, app_id, QUESTION)
    kept = (await client.get(f"/v1/messages/{whole['id']}")).json()["data"]
    history = await client.get(f"/v1/conversations/{whole['conversation_id']}/messages")

    assert whole["citations"][0]["document_name"] == "lamps.txt"
    assert kept["citations"] == whole["citations"]
    assert history.json()["data"][0]["citations"] == whole["citations"]


async def test_a_stream_that_is_read_again_tells_them_once(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chat_app(client, harbour)
    first = await streamed(client, app_id)
    message_id = of(first, "message.started")[0]["message_id"]

    async with client.stream("GET", f"/v1/messages/{message_id}/events") as answer:
        again = [event async for event in events_in(answer)]

    assert of(again, "message.retrieval") == of(first, "message.retrieval")
    assert len(of(again, "message.retrieval")) == 1


async def test_the_model_is_shown_the_passages_with_their_numbers(
    client: httpx.AsyncClient, harbour: str, api: RunningApi
) -> None:
    app_id = await chat_app(client, harbour)
    url = str(api.container.shared().settings().model.url).removesuffix("/v1")
    async with httpx.AsyncClient(base_url=url) as models:
        await models.delete("/control/requests")
        await said(client, app_id, QUESTION)
        asked = (await models.get("/control/requests")).json()

    (call,) = [each for each in asked if each["path"].endswith("/chat/completions")]
    system = call["messages"][0]["content"]
    assert system.startswith("Be kind.")
    assert f"[1] lamps.txt\n{TEXTS['lamps.txt']}" in system


async def test_a_completion_searches_for_the_value_of_a_variable(
    client: httpx.AsyncClient, harbour: str
) -> None:
    configuration = {
        "mode": "completion",
        "model": {"provider": "local", "model": "scripted"},
        "prompt": {
            "text": "Answer: {{ question }}",
            "variables": [{"name": "question", "label": "Question", "type": "text"}],
        },
        "knowledge": using(harbour, query_variable="question", retrieval={"top_k": 1}),
    }
    app_id = await published(client, mode="completion", configuration=configuration)

    message = await said(client, app_id, "", inputs={"question": "Who bakes bread?"})

    assert [each["document_name"] for each in message["citations"]] == ["bread.txt"]


def drawn(knowledge_id: str, context: bool = True) -> Json:
    """A chatflow that retrieves by a node."""
    retrieval = {
        "query_variable_selector": ["sys", "query"],
        "dataset_ids": [knowledge_id],
        "multiple_retrieval_config": {"top_k": 1, "reranking_enable": False},
    }
    llm = {
        "model": {"provider": "local", "model": "scripted"},
        "prompt": [{"role": "system", "text": "Use {{#context#}}" if context else "Hello"}],
        "query": ["sys", "query"],
        "context": {"enabled": True, "variable_selector": ["found", "result"]},
    }
    return {
        "schema_version": 1,
        "nodes": [
            {"id": "start", "type": "start", "config": {"variables": []}},
            {"id": "found", "type": "knowledge-retrieval", "config": retrieval},
            {"id": "llm", "type": "llm", "config": llm},
            {"id": "answer", "type": "answer", "config": {"answer": "{{#llm.text#}}"}},
        ],
        "edges": [
            {"source": "start", "target": "found"},
            {"source": "found", "target": "llm"},
            {"source": "llm", "target": "answer"},
        ],
    }


async def chatflow(client: httpx.AsyncClient, graph: Json) -> str:
    return await published(
        client, mode="chatflow", configuration={"mode": "chatflow", "graph": graph}
    )


async def test_a_chatflow_retrieves_by_a_node_and_cites(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chatflow(client, drawn(harbour))

    events = await streamed(client, app_id)

    (complete,) = of(events, "message.complete")
    assert [each["document_name"] for each in complete["citations"]] == ["lamps.txt"]
    (started,) = of(events, "run.started")
    answer = await client.get(f"/v1/workflow-runs/{started['run_id']}/nodes")
    nodes = answer.json()["data"]["nodes"]
    (found,) = [node for node in nodes if node["node_id"] == "found"]
    (passage,) = found["outputs"]["result"]
    assert passage["content"] == TEXTS["lamps.txt"]
    assert passage["metadata"]["_source"] == "knowledge"
    assert passage["metadata"]["dataset_id"] == harbour


async def test_what_the_model_is_not_shown_is_not_cited(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chatflow(client, drawn(harbour, context=False))

    events = await streamed(client, app_id)

    assert of(events, "message.retrieval") == []
    assert of(events, "message.complete")[0]["citations"] == []


async def test_a_run_that_retrieved_is_replayed_without_asking_anybody(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chat_app(client, harbour)
    message = await said(client, app_id, QUESTION)
    await ended(client, message["id"])
    gone = await client.delete(f"/v1/knowledge/{harbour}")
    assert gone.status_code == 204, gone.text

    answer = await client.post(f"/v1/workflow-runs/{message['run_id']}/replay")

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["same"], answer.text


async def deleted(client: httpx.AsyncClient, knowledge_id: str) -> None:
    answer = await client.delete(f"/v1/knowledge/{knowledge_id}")
    assert answer.status_code == 204, answer.text


async def missing(client: httpx.AsyncClient, message: Json, node_id: str) -> list[Json]:
    """What the node that retrieved says it could not search."""
    answer = await client.get(f"/v1/workflow-runs/{message['run_id']}/nodes")
    nodes = answer.json()["data"]["nodes"]
    (failures,) = [each["outputs"]["failures"] for each in nodes if each["node_id"] == node_id]
    return [{"dataset_id": each["dataset_id"], "code": each["code"]} for each in failures]


async def test_an_app_answers_without_its_only_knowledge_when_that_was_deleted(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chat_app(client, harbour)
    await deleted(client, harbour)

    message = await said(client, app_id, QUESTION)

    assert (message["answer"], message["citations"]) == ("At dusk.", [])
    assert await missing(client, message, "knowledge") == [
        {"dataset_id": harbour, "code": "knowledge_not_found"}
    ]
    refused = await client.post(f"/v1/apps/{app_id}/publish")
    assert [each["code"] for each in refused.json()["details"]["faults"]] == ["knowledge_unknown"]


async def test_an_app_answers_from_the_knowledge_that_is_left(
    client: httpx.AsyncClient, harbour: str
) -> None:
    other = await knowing.knowledge(client, {"boats.txt": "Boats wait for the tide."})
    app_id = await chat_app(client, other, harbour, retrieval={"method": "full_text"})
    await deleted(client, other)

    message = await said(client, app_id, QUESTION)

    assert message["citations"][0]["document_name"] == "lamps.txt"
    assert await missing(client, message, "knowledge") == [
        {"dataset_id": other, "code": "knowledge_not_found"}
    ]


async def test_a_node_goes_on_without_knowledge_that_was_deleted(
    client: httpx.AsyncClient, harbour: str
) -> None:
    app_id = await chatflow(client, drawn(harbour))
    await deleted(client, harbour)

    message = await said(client, app_id, QUESTION)

    assert (message["answer"], message["citations"]) == ("At dusk.", [])
    assert await missing(client, message, "found") == [
        {"dataset_id": harbour, "code": "knowledge_not_found"}
    ]


async def test_other_peoples_knowledge_cannot_be_published(
    client: httpx.AsyncClient, world: World, harbour: str
) -> None:
    theirs = {"authorization": f"Bearer {world.other_owner}"}
    name = {"name": f"Theirs {uuid4().hex}"}
    for configuration, field in (
        (chat(harbour), "knowledge.sources[0].knowledge_id"),
        ({"mode": "chatflow", "graph": drawn(harbour)}, "graph.nodes[found].dataset_ids.0"),
    ):
        body = {**name, "mode": configuration["mode"], "configuration": configuration}
        made = await client.post("/v1/apps", json=body, headers=theirs)
        assert made.status_code == 201, made.text
        app_id = made.json()["data"]["id"]
        refused = await client.post(f"/v1/apps/{app_id}/publish", headers=theirs)
        await client.delete(f"/v1/apps/{app_id}", headers=theirs)

        assert refused.status_code == 422, refused.text
        faults = refused.json()["details"]["faults"]
        assert ("knowledge_unknown", field) in [(each["code"], each["path"]) for each in faults]


async def test_what_cannot_be_meant_is_a_fault(client: httpx.AsyncClient, harbour: str) -> None:
    wrong = chat(harbour, harbour, retrieval={"top_k": 1000})
    made = await client.post(
        "/v1/apps", json={"name": f"Wrong {uuid4().hex}", "mode": "chat", "configuration": wrong}
    )
    refused = await client.post(f"/v1/apps/{made.json()['data']['id']}/publish")

    assert {(each["code"], each["path"]) for each in refused.json()["details"]["faults"]} == {
        ("knowledge_repeated", "knowledge.sources[1].knowledge_id"),
        ("number_out_of_range", "knowledge.retrieval.top_k"),
    }
