"""A passage that stands on two pages is cited with both, wherever citations are read."""

from collections.abc import Iterator

import httpx
import pytest

from tests.builders import documents
from tests.contract import knowing
from tests.contract.documenting import embedding, made
from tests.contract.knowing import Json
from tests.contract.running_api import RunningApi
from tests.contract.talking import events_in, published
from tests.contract.terminal import Terminal
from tests.contract.world import OWNER, PASSWORD

QUESTION = "When are the lamps lit? [[text='At dusk.']]"


@pytest.fixture(scope="module", autouse=True)
def _jobs(api: RunningApi) -> Iterator[None]:
    with knowing.jobs_done(api):
        yield


@pytest.fixture
async def help_desk(client: httpx.AsyncClient, api: RunningApi) -> str:
    """An App that answers from a report with two short pages."""
    chosen = await embedding(client, api, "scripted-words-embedding")
    knowledge_id = (await made(client, embedding=chosen))["id"]
    pages = ["The lamps of the harbour are lit at dusk.", "The keeper puts them out at dawn."]
    report = documents.pdf(pages, headed=False)
    files = {"file": ("report.pdf", report)}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    assert answer.status_code == 202, answer.text
    await knowing.indexed(client, knowledge_id)
    configuration = {
        "mode": "chat",
        "model": {"provider": "local", "model": "scripted"},
        "knowledge": {"sources": [{"knowledge_id": knowledge_id}]},
    }
    return await published(client, mode="chat", configuration=configuration)


def pages_of(citations: list[Json]) -> list[tuple[int, int]]:
    return [(each["first_page"], each["last_page"]) for each in citations]


async def test_stream_message_and_history_name_both_pages(
    client: httpx.AsyncClient, help_desk: str
) -> None:
    body = {"query": QUESTION, "user": "ann", "response": "stream"}
    async with client.stream("POST", f"/v1/apps/{help_desk}/messages", json=body) as answer:
        told = dict([event async for event in events_in(answer)])

    started = told["message.started"]
    message = await client.get(f"/v1/messages/{started['message_id']}")
    history = await client.get(f"/v1/conversations/{started['conversation_id']}/messages")

    for citations in (
        told["message.retrieval"]["citations"],
        told["message.complete"]["citations"],
        message.json()["data"]["citations"],
        history.json()["data"][0]["citations"],
    ):
        assert pages_of(citations) == [(1, 2)]


async def test_the_command_line_shows_them_after_the_answer(
    help_desk: str,
    api: RunningApi,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFY_HEX_URL", api.url)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.delenv("DIFY_HEX_API_KEY", raising=False)
    terminal = Terminal(capsys, monkeypatch)
    terminal.run("login", "--email", OWNER, "--password-stdin", typed=f"{PASSWORD}\n")

    reply = terminal.json("chat", help_desk, "-m", QUESTION)

    assert pages_of(reply["citations"]) == [(1, 2)]
    assert reply["citations"][0]["document_name"] == "report.pdf"
