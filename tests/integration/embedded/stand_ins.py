"""`dify-hex up` with small stand-ins for its services, so that only the tree itself is tried."""

import http.server
import os
import signal
import socket
import sys
import time
from pathlib import Path

from dify_hex.adapters.embedded.zygote import Zygote
from dify_hex.bootstrap.up import run_up

COMMANDS = {
    name: (sys.executable, __file__, name)
    for name in ("migrate", "zygote", "sandbox", "setup-link")
}
LINK = "http://127.0.0.1/setup/once"


class _Ready(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def _note(word: str) -> None:
    home = Path(os.environ["DIFY_HEX_HOME"])
    database = (home / "run" / "pg" / ".s.PGSQL.5432").exists()
    with (home / "notes").open("a") as notes:
        notes.write(f"{word} {'with' if database else 'without'} database\n")


def _be(name: str | None) -> None:
    def end(*_: object) -> None:
        time.sleep(0.2)
        _note(f"{name} ended")
        sys.exit(0)

    if name is not None:
        signal.signal(signal.SIGTERM, end)
    match name:
        case "api":
            _serve()
        case "worker":
            signal.pause()
        case _:
            pass


def _serve() -> None:
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", int(os.environ["DIFY_HEX_PORT"])), _Ready
    )
    server.serve_forever()


def main() -> None:
    """Be one of the services, or `up` itself."""
    match sys.argv[1:]:
        case ["zygote", control]:
            zygote = Zygote(socket.socket(fileno=int(control.partition("=")[2])))
            _be(zygote.serve())
        case ["sandbox"]:
            signal.pause()
        case ["migrate"]:
            _note("migrate")
            if os.environ.get("STAND_IN_MIGRATION_FAILS"):
                sys.exit("column “colour” already exists")
        case ["setup-link"]:
            sys.stdout.write(f"{LINK}\n")
        case _:
            sys.exit(run_up(commands=COMMANDS))


if __name__ == "__main__":
    main()
