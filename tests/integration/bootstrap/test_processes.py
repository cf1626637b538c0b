"""The API and the worker as processes: ready, orderly in their end, and light at their start."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fakes.cuttable_proxy import CuttableProxy
from tests.fakes.servers import RunningServers

API = "from dify_hex.bootstrap.http import main; main()"
WORKER = "from dify_hex.bootstrap.worker import main; main()"
_START_LIMIT = 60.0
_STOP_LIMIT = 20.0


def _environment(servers: RunningServers, home: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        **servers.variables(),
        "DIFY_HEX_HOME": str(home),
        "DIFY_HEX_PORT": str(port),
        "DIFY_HEX_METRICS_PORT": "0",
        "DIFY_HEX_SHUTDOWN_GRACE": "2",
        "DIFY_HEX_LOG_FORMAT": "json",
    }


@contextmanager
def _process(
    program: str, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stderr=output, stdout=output
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_status(url: str, status: int, limit: float = _START_LIMIT) -> httpx.Response:
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


def _until_logged(log: Path, text: str) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while text not in log.read_text():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{text} is not in the log: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def test_the_api_gets_ready_and_ends_as_it_is_told(
    database: RunningServers, tmp_path: Path
) -> None:
    port, log = _free_port(), tmp_path / "log"
    url = f"http://127.0.0.1:{port}"

    with _process(API, _environment(database, tmp_path / "home", port), log) as process:
        ready = _until_status(f"{url}/health/ready", 200)
        assert set(ready.json()["checks"]) == {"database", "migrations", "redis"}
        httpx.get(f"{url}/v1/apps?api_key=sk-canary-0123456789abcdef", timeout=5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_STOP_LIMIT) == 0

    text = log.read_text()
    assert all(json.loads(line)["event"] for line in text.splitlines())
    assert "sk-canary-0123456789abcdef" not in text
    assert "api_key=sk-c***cdef" in text


def test_the_worker_works_and_ends_as_it_is_told(database: RunningServers, tmp_path: Path) -> None:
    log = tmp_path / "log"

    with _process(WORKER, _environment(database, tmp_path / "home", 0), log) as process:
        _until_logged(log, "metrics.listening")
        process.send_signal(signal.SIGTERM)
        assert process.wait(_STOP_LIMIT) == 0


async def test_the_api_starts_without_redis_and_recovers_with_it(
    database: RunningServers, tmp_path: Path
) -> None:
    port, log = _free_port(), tmp_path / "log"
    environment = _environment(database, tmp_path / "home", port)
    url = f"http://127.0.0.1:{port}/health/ready"

    async with CuttableProxy(_address_of(database.redis_url)) as proxy:
        await proxy.cut()
        environment["REDIS_URL"] = _at(database.redis_url, proxy.port)
        with _process(API, environment, log):
            down = await asyncio.to_thread(_until_status, url, 503)
            assert down.json()["checks"]["redis"]["status"] == "down"
            assert down.json()["checks"]["database"]["status"] == "ok"
            await proxy.restore()
            await asyncio.to_thread(_until_status, url, 200, 10)


def _address_of(redis_url: str) -> Path | tuple[str, int]:
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return Path(parts.path)
    return (parts.hostname or "127.0.0.1", parts.port or 6379)


def _at(redis_url: str, port: int) -> str:
    """The same server and password, at another port of this machine."""
    parts = urlsplit(redis_url)
    password = f":{parts.password}@" if parts.password else ""
    return f"redis://{password}127.0.0.1:{port}/0"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("dify_hex.bootstrap.http", ("litellm", "alembic", "openai", "numpy", "xllamacpp")),
        ("dify_hex.bootstrap.worker", ("litellm", "alembic", "openai", "numpy", "uvicorn")),
    ],
)
def test_nothing_heavy_is_loaded_at_the_start(module: str, unwanted: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print([m for m in {unwanted} if m in sys.modules])"

    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"
