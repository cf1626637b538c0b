"""A client that sends one message and does not rest until it holds the whole answer."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.e2e.product import Chat

#: How long one message may take in all, in seconds, whatever dies meanwhile.
PATIENCE = 180.0
#: What is shown and never journalled.
PASSING = ("message.delta", "message.reset", "node.delta")


@dataclass(slots=True)
class Reading:
    """What one reader has been given."""

    message_id: str | None = None
    run_id: str | None = None
    last_id: str | None = None
    text: str = ""
    journalled: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    done: bool = False
    reconnects: int = 0
    #: Seconds between two events, at the most: how long the run took to recover.
    longest_silence: float = 0.0
    heard_at: float = 0.0
    refusals: list[str] = field(default_factory=list)
    #: What those were told who have answered the run's form, by their word.
    answers: dict[str, int] = field(default_factory=dict)


async def converse(client: httpx.AsyncClient, chat: Chat, query: str) -> Reading:
    """Send the message and follow it to its end, reconnecting as often as it takes."""
    reading = Reading()
    body = {"query": query, "user": "reader", "response": "stream"}
    await _pursue(
        client,
        chat,
        reading,
        begin=client.build_request("POST", chat.messages_url, json=body, headers=_with_key(chat)),
        events=lambda: reading.message_id and f"{chat.url}/v1/messages/{reading.message_id}/events",
    )
    return reading


async def run(
    client: httpx.AsyncClient, flow: Chat, inputs: dict[str, object], reading: Reading
) -> Reading:
    """Begin a run of a workflow and follow it to its end, reconnecting as often as it takes."""
    body = {"inputs": inputs, "user": "reader", "response": "stream"}
    url = f"{flow.url}/v1/apps/{flow.app_id}/runs"
    await _pursue(
        client,
        flow,
        reading,
        begin=client.build_request("POST", url, json=body, headers=_with_key(flow)),
        events=lambda: reading.run_id and f"{flow.url}/v1/workflow-runs/{reading.run_id}/events",
    )
    return reading


def _with_key(chat: Chat) -> dict[str, str]:
    return chat.headers | {"Idempotency-Key": secrets.token_hex(16)}


async def _pursue(
    client: httpx.AsyncClient,
    chat: Chat,
    reading: Reading,
    *,
    begin: httpx.Request,
    events: Callable[[], str | None],
) -> None:
    reading.heard_at = asyncio.get_running_loop().time()
    async with asyncio.timeout(PATIENCE):
        while not reading.done:
            try:
                url = events()
                if url is None:
                    request = begin
                else:
                    headers = chat.headers | {"Last-Event-ID": reading.last_id or "0.0"}
                    request = client.build_request("GET", url, headers=headers)
                answer = await client.send(request, stream=True)
                try:
                    await _read(answer, reading)
                finally:
                    await answer.aclose()
            except httpx.HTTPError:
                pass
            if not reading.done:
                reading.reconnects += 1
                await asyncio.sleep(0.2)


async def _read(answer: httpx.Response, reading: Reading) -> None:
    if answer.status_code != 200:
        text = (await answer.aread()).decode()
        reading.refusals.append(f"{answer.status_code} {text[:300]}")
        retryable = answer.status_code in (429, 503) or (
            answer.status_code == 409 and "progress" in text
        )
        assert retryable, text
        return
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
            continue
        if event:
            if _take(event, reading):
                return
            event = {}


def _take(event: dict[str, str], reading: Reading) -> bool:
    """Take one event in; whether the connection has nothing more to say."""
    kind, data = event["event"], json.loads(event["data"])
    now = asyncio.get_running_loop().time()
    reading.longest_silence = max(reading.longest_silence, now - reading.heard_at)
    reading.heard_at = now
    if kind == "error":
        assert data.get("resumable"), data
        return True
    reading.types.append(kind)
    if kind == "done":
        reading.done = True
        return True
    reading.last_id = event.get("id", reading.last_id)
    if kind == "run.started":
        reading.run_id = data["run_id"]
    if kind == "message.started":
        reading.message_id = data["message_id"]
    if kind == "message.delta":
        reading.text += data["text"]
    elif kind == "message.reset":
        reading.text = data["text"]
    elif kind not in PASSING:
        reading.journalled.append(event["id"])
    return False
