"""A POST that is sent twice with one key is done once."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from dify_hex.application.shared.idempotency import CLAIM_LASTS, Claim, IdempotencyKey
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.entrypoints.http import idempotency
from dify_hex.entrypoints.http.idempotency import MAX_KEPT_BODY, Attempt
from tests.unit.entrypoints.http.conftest import LAMP
from tests.unit.entrypoints.http.parts import TENANT, Parts

KEY = {"idempotency-key": "order-66"}


async def test_the_first_answer_is_given_again(client: httpx.AsyncClient, parts: Parts) -> None:
    first = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    again = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert again.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert parts.counting.asked == 1


async def test_another_body_under_the_same_key_conflicts(client: httpx.AsyncClient) -> None:
    await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    other = await client.post("/v1/lamps", json={"name": "b"}, headers=KEY)

    assert (other.status_code, other.json()["code"]) == (409, "biz_idempotency_key_reused")


async def test_another_query_under_the_same_key_conflicts(client: httpx.AsyncClient) -> None:
    await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    other = await client.post("/v1/lamps?dim=1", json={"name": "a"}, headers=KEY)

    assert (other.status_code, other.json()["code"]) == (409, "biz_idempotency_key_reused")


async def test_a_request_in_progress_is_waited_for_by_asking_again(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    for kept in parts.idempotency.known.values():
        kept.answer = None

    answer = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (409, "biz_idempotency_in_progress")
    assert answer.headers["retry-after"] == "1"


async def test_a_failed_request_leaves_the_key_free(client: httpx.AsyncClient) -> None:
    failed = await client.post("/v1/lamps", json={"name": ""}, headers=KEY)
    retried = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert (failed.status_code, retried.status_code) == (422, 201)


async def test_without_a_key_each_request_is_done(client: httpx.AsyncClient, parts: Parts) -> None:
    for _ in range(2):
        await client.post("/v1/lamps", json={"name": "a"})

    assert parts.counting.asked == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
async def test_a_key_that_is_none_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/v1/lamps", json={"name": "a"}, headers={"idempotency-key": key})

    assert (answer.status_code, answer.json()["code"]) == (422, "biz_invalid_idempotency_key")


async def test_a_repeated_stream_is_joined(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/lamps/stream", headers=KEY)
    again = await client.post("/v1/lamps/stream", headers=KEY)

    assert first.text == "begun"
    assert again.text == f"joined {LAMP}"


async def test_a_caller_without_credentials_claims_nothing(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    answer = await client.post(
        "/v1/lamps", json={"name": "a"}, headers={**KEY, "authorization": "Bearer bad"}
    )

    assert answer.status_code == 401
    assert parts.idempotency.known == {}


async def test_an_answer_too_large_to_keep_frees_the_key(parts: Parts) -> None:
    key = IdempotencyKey(tenant_id=TENANT, caller="c", route="r", key="k", fingerprint=b"")
    claim = await parts.idempotency.claim(key)
    assert isinstance(claim, Claim)
    attempt = Attempt(store=parts.idempotency, claim=claim)

    await attempt.observe({"type": "http.response.start", "status": 200, "headers": []})
    await attempt.observe(
        {"type": "http.response.body", "body": b"x" * (MAX_KEPT_BODY + 1), "more_body": True}
    )

    assert parts.idempotency.known == {}


@pytest.fixture
def _renewed_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "RENEWED_EVERY", timedelta(milliseconds=1))


async def renewals_after(parts: Parts, number: int) -> None:
    """Wait until the claim was renewed that often from now on."""
    async with asyncio.timeout(5):
        for _ in range(number):
            parts.idempotency.renewed.clear()
            await parts.idempotency.renewed.wait()


def claims_being_renewed() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "idempotency-claim"]


@pytest.mark.usefixtures("_renewed_often")
async def test_a_request_that_outlasts_its_claim_is_still_done_once(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    first = asyncio.create_task(client.post("/v1/lamps/slow", headers=KEY))
    for _ in range(3):
        await renewals_after(parts, 2)
        parts.idempotency.turn(CLAIM_LASTS - timedelta(seconds=1))

    meanwhile = await client.post("/v1/lamps/slow", headers=KEY)
    parts.may_go_on.set()
    done = await first
    again = await client.post("/v1/lamps/slow", headers=KEY)

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "biz_idempotency_in_progress")
    assert again.content == done.content
    assert parts.counting.asked == 1


@pytest.mark.usefixtures("_renewed_often")
async def test_no_claim_is_renewed_after_its_request(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    for name in ("a", ""):
        await client.post("/v1/lamps", json={"name": name}, headers={"idempotency-key": f"k{name}"})
    cut_off = asyncio.create_task(client.post("/v1/lamps/slow", headers=KEY))
    await renewals_after(parts, 1)
    assert claims_being_renewed()

    cut_off.cancel()
    await asyncio.wait([cut_off])
    await asyncio.sleep(0)

    assert claims_being_renewed() == []


@pytest.mark.usefixtures("_renewed_often")
async def test_a_store_that_is_away_for_a_moment_does_not_end_the_renewal(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.idempotency.away = Unavailable(dependency="postgresql")
    first = asyncio.create_task(client.post("/v1/lamps/slow", headers=KEY))
    await renewals_after(parts, 3)
    parts.may_go_on.set()

    assert (await first).status_code == 201


@pytest.mark.usefixtures("_renewed_often")
async def test_who_lost_the_claim_answers_and_keeps_nothing(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    first = asyncio.create_task(client.post("/v1/lamps/slow", headers=KEY))
    await renewals_after(parts, 1)
    parts.idempotency.known.clear()
    await asyncio.wait(claims_being_renewed(), timeout=5)
    assert claims_being_renewed() == []
    parts.may_go_on.set()

    assert (await first).status_code == 201
    assert parts.idempotency.known == {}


@pytest.fixture
def _settled_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "SETTLED_EVERY", timedelta(milliseconds=1))


@pytest.mark.usefixtures("_settled_often")
async def test_an_answer_is_given_while_the_store_is_away_and_kept_when_it_is_back(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.idempotency.absences = 3
    first = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    again = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert parts.counting.asked == 1


@pytest.mark.usefixtures("_settled_often")
async def test_a_stream_is_given_while_the_store_is_away_and_joined_when_it_is_back(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.idempotency.absences = 3
    first = await client.post("/v1/lamps/stream", headers=KEY)
    again = await client.post("/v1/lamps/stream", headers=KEY)

    assert (first.text, again.text) == ("begun", f"joined {LAMP}")


@pytest.mark.usefixtures("_settled_often")
async def test_a_failure_is_told_while_the_store_is_away_and_the_key_is_freed_when_it_is_back(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.idempotency.absences = 3
    failed = await client.post("/v1/lamps", json={"name": ""}, headers=KEY)
    retried = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert (failed.status_code, retried.status_code) == (422, 201)


@pytest.mark.usefixtures("_settled_often")
async def test_a_store_that_stays_away_is_not_waited_for_for_ever(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "SETTLED_WITHIN", timedelta(milliseconds=20))
    parts.idempotency.absences = 1_000_000
    first = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)
    again = await client.post("/v1/lamps", json={"name": "a"}, headers=KEY)

    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "biz_idempotency_in_progress")
    await asyncio.sleep(0)
    assert claims_being_renewed() == []
