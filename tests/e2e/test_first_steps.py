"""What a newcomer does: start it, make an app, talk to the built-in model, lose the connection."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dify_hex.adapters.embedded.service_user import ServiceUser, give
from tests.e2e.product import Chat, Product, make_chat, make_owner, running_product

#: Id, type and data.
Event = tuple[str, str, dict[str, Any]]
#: The tiny model takes a few seconds to load, and as long again on a busy machine.
MODEL_WITHIN = 60.0


@pytest.fixture(scope="module")
def product(server_variables: dict[str, str]) -> Iterator[Product]:
    with running_product(variables=server_variables) as running:
        yield running


@pytest.fixture(scope="module")
def chat(product: Product) -> Chat:
    made = make_chat(product, make_owner(product))
    deadline = time.monotonic() + MODEL_WITHIN
    while time.monotonic() < deadline:
        deep = httpx.get(f"{product.url}/health/deep", timeout=10).text
        if '"model"' in deep and "unavailable" not in deep:
            break
        time.sleep(0.5)
    return made


def events(answer: httpx.Response, *, stop_after: int | None = None) -> list[Event]:
    """Events as (id, type, data); at most so many."""
    found: list[Event] = []
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            found.append((event["id"], event["event"], json.loads(event["data"])))
            event = {}
            if stop_after is not None and len(found) >= stop_after:
                break
    return found


def text_of(found: list[Event], before: str = "") -> str:
    for _, kind, data in found:
        if kind == "message.delta":
            before += data["text"]
        elif kind == "message.reset":
            before = data["text"]
    return before


def ask(chat: Chat, query: str) -> dict[str, str]:
    return {"query": query, "user": "newcomer", "response": "stream"}


def test_the_built_in_model_answers_streamed(product: Product, chat: Chat) -> None:
    with httpx.stream(
        "POST",
        chat.messages_url,
        json=ask(chat, "Say hello."),
        headers=chat.headers,
        timeout=60,
    ) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events(answer)

    kinds = [kind for _, kind, _ in found]
    assert kinds[0] == "run.started"
    assert kinds[-3:] == ["message.complete", "run.succeeded", "done"], product.last_words()
    assert kinds.count("message.delta") > 1, "it streams"
    assert text_of(found) == next(d for _, k, d in found if k == "message.complete")["answer"]


def test_a_stream_that_was_cut_goes_on_where_it_was(chat: Chat) -> None:
    with httpx.stream(
        "POST",
        chat.messages_url,
        json=ask(chat, "Tell me about the sea."),
        headers=chat.headers,
        timeout=60,
    ) as answer:
        first = events(answer, stop_after=5)
    message_id = next(data["message_id"] for _, kind, data in first if kind == "message.started")
    last_id = first[-1][0]

    with httpx.stream(
        "GET",
        f"{chat.url}/v1/messages/{message_id}/events",
        headers=chat.headers | {"Last-Event-ID": last_id},
        timeout=60,
    ) as answer:
        rest = events(answer)

    stored = httpx.get(f"{chat.url}/v1/messages/{message_id}", headers=chat.headers).json()["data"]
    assert stored["status"] == "succeeded"
    assert text_of(rest, before=text_of(first)) == stored["answer"]
    seen = [each for each, kind, _ in first + rest if kind.startswith(("run.", "message.s"))]
    assert len(set(seen)) == len(seen), "no journalled event comes twice"


def test_an_ordinary_user_can_run_it_too() -> None:
    nobody = ServiceUser.for_this_process()
    if nobody is None:
        return  # then every other test here has shown it
    home = Path(tempfile.mkdtemp(prefix="dify-hex-nobody-"))
    give(home, nobody)
    try:
        with running_product(home=home, user=nobody) as running:
            make_owner(running)
    finally:
        shutil.rmtree(home, ignore_errors=True)
