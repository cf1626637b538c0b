"""Liveness asks nobody, readiness asks what is needed, the deep check asks everyone."""

import asyncio

import httpx

from dify_hex.entrypoints.http.health import Health
from tests.unit.entrypoints.http.parts import Parts


async def test_a_process_lives_whatever_is_down(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.broken_dependencies = {"database"}

    assert (await client.get("/health/live")).json() == {"status": "ok", "checks": {}}


async def test_a_process_is_not_ready_without_its_database(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.broken_dependencies = {"database"}

    answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["status"] == "down"
    assert answer.json()["checks"]["database"]["error"] == "database is down"


async def test_the_model_is_reported_apart(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.broken_dependencies = {"model"}

    ready = await client.get("/health/ready")
    deep = await client.get("/health/deep")

    assert ready.status_code == 200
    assert deep.status_code == 200
    assert deep.json()["checks"]["model"]["status"] == "down"


async def test_a_process_that_stops_is_not_ready(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.health.stopping = True

    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["status"]) == (503, "stopping")


async def test_asking_often_costs_one_check() -> None:
    asked = 0

    async def check() -> None:
        nonlocal asked
        asked += 1

    health = Health(required={"database": check})
    for _ in range(5):
        await health.report(deep=False)

    assert asked == 1


async def test_probes_at_the_same_time_share_one_check_also_when_one_gives_up() -> None:
    asked = 0
    answered = asyncio.Event()

    async def check() -> None:
        nonlocal asked
        asked += 1
        await answered.wait()

    health = Health(required={"database": check})
    probes = [asyncio.create_task(health.report(deep=False)) for _ in range(5)]
    await asyncio.sleep(0)
    probes[0].cancel()
    answered.set()
    reports = await asyncio.gather(*probes, return_exceptions=True)

    assert asked == 1
    assert isinstance(reports[0], asyncio.CancelledError)
    assert [report for report in reports[1:] if report != reports[1]] == []
    assert await health.report(deep=False) == reports[1]


async def test_a_check_that_hangs_counts_as_down(monkeypatch: object) -> None:
    async def hang() -> None:
        await asyncio.sleep(10)

    async def crash() -> None:
        raise ZeroDivisionError

    report = await Health(required={"slow": hang, "broken": crash}).report(deep=True)

    assert report.status == "unavailable"
    assert report.checks["slow"].error == "no answer within 2 s"
    assert report.checks["broken"].error == "ZeroDivisionError"
