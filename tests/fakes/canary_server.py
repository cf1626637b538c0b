"""A server inside of the network, which nobody may reach: it notes who does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Canary:
    """Where it listens, and the paths that it was asked for."""

    url: str = ""
    heard: list[str] = field(default_factory=list)


@contextmanager
def running_canary() -> Iterator[Canary]:
    """A canary on this machine."""
    canary = Canary()

    class Listener(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            canary.heard.append(self.rfile.readline().decode("latin-1").strip())
            self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    canary.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield canary
    finally:
        server.shutdown()
        server.server_close()
