"""A process that is told to stop while it streams lets its readers know where to go on."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.running_model_server import RunningModelServer, run_model_server
from tests.fakes.servers import RunningServers
from tests.integration.bootstrap.service import (
    API,
    STOP_LIMIT,
    WORKER,
    environment_for,
    free_port,
    process,
    until_status,
)

PASSWORD = "tall-green-river-17"
OWNER = "stopping@example.com"
#: Longer than the grace of a stop, so that the run has to change hands.
SLOW = "[[tokens=80 delay=0.05]]"


@pytest.fixture(scope="module")
def models() -> Iterator[RunningModelServer]:
    with run_model_server() as server:
        yield server


@pytest.fixture
def environment(
    empty_database: RunningServers, models: RunningModelServer, tmp_path: Path
) -> dict[str, str]:
    environment = environment_for(empty_database, tmp_path / "home", free_port())
    environment |= {"DIFY_HEX_MODEL_URL": models.url, "DIFY_HEX_MODEL_NAME": "scripted"}
    _command(environment, "migrate")
    _command(
        environment, "accounts", "create-owner", "--email", OWNER, "--name", "Ada",
        "--password-stdin", typed=PASSWORD,
    )  # fmt: skip
    return environment


def _command(environment: dict[str, str], *words: str, typed: str = "") -> None:
    subprocess.run(
        [sys.executable, "-m", "dify_hex.bootstrap.cli", *words],
        env=environment,
        input=typed.encode(),
        check=True,
        capture_output=True,
    )


def _lamp(client: httpx.Client) -> str:
    """Sign in, and publish an app."""
    answer = client.post("/v1/auth/login", json={"email": OWNER, "password": PASSWORD})
    client.headers["authorization"] = f"Bearer {answer.json()['data']['access_token']}"
    app = client.post("/v1/apps", json={"name": "Lamp"}).json()["data"]
    client.post(f"/v1/apps/{app['id']}/publish", json={}).raise_for_status()
    return f"/v1/apps/{app['id']}/messages"


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Id, type and data of each event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}


def test_a_stream_ends_resumably_and_its_run_goes_on_elsewhere(
    environment: dict[str, str], tmp_path: Path
) -> None:
    first_port, second_port = environment["DIFY_HEX_PORT"], str(free_port())
    seen: list[tuple[str, str, dict[str, object]]] = []

    with process(API, environment, tmp_path / "first.log") as first:
        until_status(f"http://127.0.0.1:{first_port}/health/ready", 200)
        with httpx.Client(base_url=f"http://127.0.0.1:{first_port}", timeout=30) as client:
            body = {"query": SLOW, "user": "someone", "response": "stream"}
            with client.stream("POST", _lamp(client), json=body) as stream:
                assert stream.status_code == 200
                for event in _events(stream.iter_lines()):
                    seen.append(event)
                    if event[1] == "message.delta" and first.poll() is None and len(seen) < 8:
                        first.send_signal(signal.SIGTERM)
            headers = client.headers
        assert first.wait(STOP_LIMIT) == 0

    assert [kind for _, kind, _ in seen[-2:]] == ["error", "done"]
    assert seen[-2][2]["resumable"] is True
    last_id = next(each for each, kind, _ in reversed(seen) if kind == "message.delta")
    message = next(data for _, kind, data in seen if kind == "message.started")
    environment["DIFY_HEX_PORT"] = second_port

    with (
        process(API, environment, tmp_path / "second.log"),
        process(WORKER, environment, tmp_path / "worker.log"),
        httpx.Client(
            base_url=f"http://127.0.0.1:{second_port}", timeout=60, headers=headers
        ) as client,
    ):
        until_status(f"http://127.0.0.1:{second_port}/health/ready", 200)
        place = f"/v1/messages/{message['message_id']}"
        with client.stream("GET", f"{place}/events", headers={"last-event-id": last_id}) as stream:
            rest = list(_events(stream.iter_lines()))
        stored = client.get(place).json()["data"]

    assert rest[-1][1] == "done"
    assert stored["status"] == "succeeded"
    assert _text_of([*seen[:-2], *rest]) == stored["answer"]


def _text_of(events: list[tuple[str, str, dict[str, object]]]) -> str:
    """What a reader holds: the deltas after the last reset."""
    text = ""
    for _, kind, data in events:
        if kind == "message.reset":
            text = str(data["text"])
        elif kind == "message.delta":
            text += str(data["text"])
    return text
