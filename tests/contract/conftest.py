"""The running API, the world in it, and clients that hold every answer against the document."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from dify_hex.bootstrap.logging import configure_logging
from dify_hex.domain.account.permissions import Role
from tests.contract.knowing import jobs_done
from tests.contract.running_api import RunningApi, run_api, settings_for
from tests.contract.world import World, build_another, build_world
from tests.fakes.running_model_server import run_model_server
from tests.fakes.servers import RunningServers


@pytest.fixture(scope="session")
def api(database: RunningServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The API over real servers and the scripted model."""
    configure_logging("ERROR", "json")
    with run_model_server() as models:
        settings = settings_for(database, tmp_path_factory.mktemp("home"), models.url)
        with run_api(settings) as api:
            yield api


@pytest.fixture(scope="session")
def world(api: RunningApi, database: RunningServers) -> Iterator[World]:
    """Two tenants and what is in them."""
    world = build_world(api, database.admin_url)
    yield world
    world.client.close()


@pytest.fixture(scope="session")
def torn_world(world: World, database: RunningServers) -> World:
    """Tenants of their own, for tests that leave nothing as it was."""
    return build_another(world, database.admin_url)


@pytest.fixture
def working(api: RunningApi) -> Iterator[None]:
    """Somebody does the background jobs."""
    with jobs_done(api):
        yield


@pytest.fixture
async def client(api: RunningApi, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The first tenant's owner; an answer that the document does not foresee fails the test."""

    async def foreseen(answer: httpx.Response) -> None:
        await answer.aread()
        check_foreseen(api.document, answer)

    async with httpx.AsyncClient(
        base_url=api.url,
        timeout=30,
        headers={"authorization": f"Bearer {world.tokens[Role.OWNER]}"},
        event_hooks={"response": [foreseen]},
    ) as client:
        yield client


@pytest.fixture
def worker(api: RunningApi) -> Iterator[None]:
    """Somebody who takes on the runs that nobody owns."""
    claimer = api.container.workflow().claimer()

    async def claim() -> None:
        while True:
            await claimer.claim_once()
            await asyncio.sleep(0.05)

    claiming = asyncio.run_coroutine_threadsafe(claim(), api.loop)
    yield
    claiming.cancel()


@pytest.fixture
async def stranger(api: RunningApi) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without credentials; an answer that the document does not foresee fails the test."""

    async def foreseen(answer: httpx.Response) -> None:
        await answer.aread()
        check_foreseen(api.document, answer)

    hooks = {"response": [foreseen]}
    async with httpx.AsyncClient(base_url=api.url, timeout=30, event_hooks=hooks) as client:
        yield client


def check_foreseen(document: dict[str, Any], answer: httpx.Response) -> None:
    """Fail unless the document lists the status, and an error's code, at the answer's route."""
    operation = operation_at(document, answer.request.method, answer.request.url.path)
    if operation is None:
        return
    where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
    response = operation["responses"].get(str(answer.status_code))
    assert response is not None, f"{where} is not documented: {answer.text[:300]}"
    if answer.status_code >= 400 and answer.headers["content-type"] == "application/json":
        examples = response["content"]["application/json"].get("examples", {})
        code = answer.json().get("code")
        assert not examples or code in examples, f"{where} {code} is not documented"


def operation_at(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """The operation that serves the path, literal segments before parameters."""
    found = [
        operations[method.lower()]
        for template, operations in sorted(document["paths"].items(), key=lambda i: "{" in i[0])
        if method.lower() in operations
        and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    return found[0] if found else None
