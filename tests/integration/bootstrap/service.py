"""One of our processes under a test's control, and the wait for what it says."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.fakes.servers import RunningServers

API = "from dify_hex.bootstrap.http import main; main()"
WORKER = "from dify_hex.bootstrap.worker import main; main()"
START_LIMIT = 60.0
STOP_LIMIT = 40.0


def environment_for(servers: RunningServers, home: Path, port: int) -> dict[str, str]:
    """All that a process may know: nothing of the machine's own settings."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": servers.database_url,
        "DATABASE_ADMIN_URL": servers.admin_url,
        "DATABASE_SYSTEM_URL": servers.system_url,
        "REDIS_URL": servers.redis_url,
        "DIFY_HEX_HOME": str(home),
        "DIFY_HEX_PORT": str(port),
        "DIFY_HEX_METRICS_PORT": "0",
        "DIFY_HEX_SHUTDOWN_GRACE": "2",
        "DIFY_HEX_LOG_FORMAT": "json",
    }


@contextmanager
def process(
    program: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The process while the block lasts; nothing of it is left afterwards."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, "-c", program], env=dict(environment), stderr=output, stdout=output
        )
        try:
            yield started
        finally:
            started.kill()
            started.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until_status(url: str, status: int, limit: float = START_LIMIT) -> httpx.Response:
    """The first answer with this status."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == status:
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer {status}")


def until_logged(log: Path, text: str) -> None:
    """Return when the log holds the text."""
    deadline = time.monotonic() + START_LIMIT
    while text not in log.read_text():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{text} is not in the log: {log.read_text()[-2000:]}")
        time.sleep(0.05)
