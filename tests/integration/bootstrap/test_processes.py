"""The API and the worker as processes: ready, orderly in their end, and light at their start."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fakes.cuttable_proxy import CuttableProxy
from tests.fakes.servers import RunningServers
from tests.integration.bootstrap.service import (
    API,
    STOP_LIMIT,
    WORKER,
    environment_for,
    free_port,
    process,
    until_logged,
    until_status,
)


def test_the_api_gets_ready_and_ends_as_it_is_told(
    database: RunningServers, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    url = f"http://127.0.0.1:{port}"

    with process(API, environment_for(database, tmp_path / "home", port), log) as running:
        ready = until_status(f"{url}/health/ready", 200)
        assert set(ready.json()["checks"]) == {"database", "migrations", "redis"}
        httpx.get(f"{url}/v1/apps?api_key=sk-canary-0123456789abcdef", timeout=5)
        running.send_signal(signal.SIGTERM)
        assert running.wait(STOP_LIMIT) == 0

    text = log.read_text()
    assert all(json.loads(line)["event"] for line in text.splitlines())
    assert "sk-canary-0123456789abcdef" not in text
    assert "api_key=sk-c***cdef" in text


def test_the_worker_works_and_ends_as_it_is_told(database: RunningServers, tmp_path: Path) -> None:
    log = tmp_path / "log"

    with process(WORKER, environment_for(database, tmp_path / "home", 0), log) as running:
        until_logged(log, "metrics.listening")
        running.send_signal(signal.SIGTERM)
        assert running.wait(STOP_LIMIT) == 0


async def test_the_api_starts_without_redis_and_recovers_with_it(
    database: RunningServers, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = environment_for(database, tmp_path / "home", port)
    url = f"http://127.0.0.1:{port}/health/ready"

    async with CuttableProxy(_address_of(database.redis_url)) as proxy:
        await proxy.cut()
        environment["REDIS_URL"] = _at(database.redis_url, proxy.port)
        with process(API, environment, log):
            down = await asyncio.to_thread(until_status, url, 503)
            assert down.json()["checks"]["redis"]["status"] == "down"
            assert down.json()["checks"]["database"]["status"] == "ok"
            await proxy.restore()
            await asyncio.to_thread(until_status, url, 200, 30)


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
