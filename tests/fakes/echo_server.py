"""A server that says what it was asked, for tests of the whole product."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.builders.file import PNG


class Echo(BaseHTTPRequestHandler):
    """Says what it was asked; has one picture."""

    def do_GET(self) -> None:
        """The picture."""
        self._answer(PNG, "image/png")

    def do_POST(self) -> None:
        """What came."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = {
            "path": self.path,
            "key": self.headers["Idempotency-Key"],
            "token": self.headers["Authorization"],
            "type": self.headers["Content-Type"].partition(";")[0],
            "body": body.decode("latin-1"),
        }
        self._answer(json.dumps(told).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at answers."""

    def _answer(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_echo() -> Iterator[str]:
    """Where it listens, as `address:port`."""
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{echo.server_port}"
    finally:
        echo.shutdown()
        echo.server_close()
