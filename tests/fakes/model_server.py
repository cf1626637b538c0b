"""A scripted server that speaks OpenAI's protocol: every way a model can answer, or fail to.

    python -m tests.fakes.model_server --port 0        prints `READY <port>`

Served: POST /v1/chat/completions (streamed or whole), POST /v1/embeddings, POST /v1/rerank (by
words that both have), GET /v1/models. An embedding model whose name has `words` in it gives
vectors of the words of a text, so that texts about the same are alike.

What happens is scripted (see `Script`) by directives in the last user message, by options in the
model's name, or for every request by `PUT /control/script` with a JSON object of script fields
(`DELETE` restores the default). `GET /control/requests` lists what was asked, newest last, with
how far each got; `DELETE` forgets it. An `Authorization` of `Bearer sk-wrong` is refused, a model
whose name begins with `unknown` does not exist.

The path of an undelayed stream is one write of ready bytes, so that the server costs next to
nothing where something else is measured.
"""

import argparse
import hashlib
import math
import re
import struct
import sys
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict
from socket import socket
from typing import Any

import orjson
import uvicorn

from tests.fakes.model_script import Script, pieces_of, script_for
from tests.fakes.model_wire import (
    Broken,
    ClientLeft,
    Receive,
    Recorded,
    Send,
    Wire,
    prompt_tokens_of,
    stream,
    usage_of,
)

Scope = dict[str, Any]

MODELS = (
    "scripted",
    "scripted-embedding",
    "scripted-words-embedding",
    "scripted-rerank",
    "smollm2-135m-instruct",
    "use-multilingual",
)
_JSON = [(b"content-type", b"application/json")]
_CALLS = ("POST /v1/chat/completions", "POST /v1/embeddings", "POST /v1/rerank")
_MAX_RECORDED = 20_000
_WORD_DIMENSION = 256


class ModelServer:
    """The ASGI application; `requests` and `script` are for tests in the same process."""

    def __init__(self) -> None:
        self.requests: deque[Recorded] = deque(maxlen=_MAX_RECORDED)
        self.script = Script()
        self._failures: Counter[str] = Counter()

    def reset(self) -> None:
        """Forget requests, failures and the script."""
        self.requests.clear()
        self._failures.clear()
        self.script = Script()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = f"{scope['method']} {scope['path']}"
        if route == "GET /v1/models":
            await self._models(scope, send)
        elif "/control/" in route:
            await self._control(route, await _body(receive), send)
        elif route in _CALLS:
            await self._call(scope, receive, send)
        else:
            await _error(send, 404, "not_found", "no such route")

    async def _models(self, scope: Scope, send: Send) -> None:
        if not _authorized(scope):
            await _error(send, 401, "invalid_api_key", "Incorrect API key provided")
            return
        data = [{"id": name, "object": "model", "owned_by": "tests"} for name in MODELS]
        await _answer(send, 200, {"object": "list", "data": data})

    async def _control(self, route: str, body: bytes, send: Send) -> None:
        match route:
            case "GET /control/requests":
                await _answer(send, 200, [asdict(request) for request in self.requests])
                return
            case "DELETE /control/requests":
                self.requests.clear()
            case "PUT /control/script":
                self.script = Script().with_options(orjson.loads(body))
            case "DELETE /control/script":
                self.script = Script()
                self._failures.clear()
            case _:
                await _error(send, 404, "not_found", "no such control")
                return
        await _answer(send, 200, {})

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = orjson.loads(await _body(receive))
        headers = dict(scope["headers"])
        key = headers.get(b"idempotency-key")
        trace = headers.get(b"traceparent")
        messages = body.get("messages", [])
        asked = next(
            (_text_of(m["content"]) for m in reversed(messages) if m["role"] == "user"), ""
        )
        script, question = script_for(self.script, body["model"], asked)
        recorded = Recorded(
            path=scope["path"],
            model=body["model"],
            idempotency_key=key.decode() if key else None,
            traceparent=trace.decode() if trace else None,
            authorized=_authorized(scope),
            question=asked,
            messages=messages,
            body=body,
        )
        self.requests.append(recorded)
        try:
            await self._serve(script, question, recorded, receive, send)
            recorded.ended = "finished"
        except ClientLeft:
            recorded.ended = "left"
        except Broken:
            recorded.ended = "broken"
            raise

    async def _serve(
        self, script: Script, question: str, recorded: Recorded, receive: Receive, send: Send
    ) -> None:
        if not recorded.authorized:
            await _error(send, 401, "invalid_api_key", "Incorrect API key provided: sk-wrong")
        elif recorded.model.startswith("unknown"):
            await _error(send, 404, "model_not_found", "The model does not exist")
        elif self._should_fail(script, recorded):
            message = f"scripted failure {script.status}"
            await _error(
                send, script.status, script.error_code, message, retry_after=script.retry_after
            )
        elif recorded.path.endswith("/embeddings"):
            await _answer(send, 200, _embeddings(recorded.body, script))
        elif recorded.path.endswith("/rerank"):
            await _answer(send, 200, _ranking(recorded.body))
        elif recorded.body.get("stream"):
            await stream(script, question, recorded, receive, send)
        else:
            await _whole(script, question, recorded, receive, send)

    def _should_fail(self, script: Script, recorded: Recorded) -> bool:
        if script.status == 200:
            return False
        self._failures[recorded.question] += 1
        return script.fails < 0 or self._failures[recorded.question] <= script.fails


async def _whole(
    script: Script, question: str, recorded: Recorded, receive: Receive, send: Send
) -> None:
    wire = Wire(script, recorded.model, receive, send)
    pieces = pieces_of(script, question)
    try:
        await wire.wait(script.first + script.delay * len(pieces))
    finally:
        wire.close()
    message: dict[str, Any] = {"role": "assistant", "content": "".join(pieces)}
    if script.tool:
        function = {"name": script.tool, "arguments": script.arguments}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    finish = "tool_calls" if script.tool else script.finish
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": recorded.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if script.usage:
        body["usage"] = usage_of(prompt_tokens_of(recorded), len(pieces))
    recorded.tokens_sent = len(pieces)
    await _answer(send, 200, body)


def _embeddings(body: dict[str, Any], script: Script) -> dict[str, Any]:
    given = body["input"]
    texts = [given] if isinstance(given, str) else given
    of_words = "words" in body["model"]
    vectors = [
        vector_of_words(text) if of_words else vector_of(text, script.dimension) for text in texts
    ]
    as_bytes = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _bytes(vector) if as_bytes else vector}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "model": body["model"],
        "data": data,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _bytes(vector: Sequence[float]) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _ranking(body: dict[str, Any]) -> dict[str, Any]:
    asked = set(_words_of(body["query"]))
    results = [
        {
            "index": index,
            "relevance_score": len(asked & set(_words_of(text))) / max(1, len(asked)),
        }
        for index, text in enumerate(body["documents"])
    ]
    results.sort(key=lambda result: -result["relevance_score"])
    return {"id": "r1", "model": body["model"], "results": results[: body.get("top_n")]}


def vector_of_words(text: str) -> list[float]:
    """A unit vector of the words of a text, each at a place of its own."""
    raw = [0.0] * _WORD_DIMENSION
    for word in _words_of(text):
        raw[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % _WORD_DIMENSION] += 1.0
    norm = math.sqrt(sum(value * value for value in raw)) or 1.0
    return [round(value / norm, 6) for value in raw]


def _words_of(text: str) -> list[str]:
    """Words, and each Chinese character."""
    return re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", text.lower())


def vector_of(text: str, dimension: int = Script().dimension) -> list[float]:
    """A unit vector that depends on the text alone."""
    digest = hashlib.shake_256(text.encode()).digest(dimension)
    raw = [byte / 255 - 0.5 for byte in digest]
    norm = math.sqrt(sum(value * value for value in raw)) or 1.0
    return [round(value / norm, 6) for value in raw]


def _text_of(content: str | list[dict[str, Any]] | None) -> str:
    """What a message says, whether or not it shows something besides."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _authorized(scope: Scope) -> bool:
    return dict(scope["headers"]).get(b"authorization") != b"Bearer sk-wrong"


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(
    send: Send, status: int, body: object, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    data = orjson.dumps(body)
    length = (b"content-length", str(len(data)).encode())
    start = {"status": status, "headers": [*_JSON, length, *headers]}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": data})


async def _error(
    send: Send, status: int, code: str, message: str, *, retry_after: str = ""
) -> None:
    error = {"message": message, "type": "scripted", "param": None, "code": code or None}
    headers = [(b"retry-after", retry_after.encode())] if retry_after else []
    await _answer(send, status, {"error": error}, headers)


def configuration_of(app: ModelServer, port: int = 0) -> uvicorn.Config:
    """How to serve the application on loopback; broken connections on purpose are not logged."""
    return uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )


class _AnnouncedServer(uvicorn.Server):
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"READY {self.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0)
    _AnnouncedServer(configuration_of(ModelServer(), arguments.parse_args().port)).run()
