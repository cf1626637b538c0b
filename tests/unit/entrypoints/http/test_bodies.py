"""Bodies that are wrong, huge, slow or broken get a clear answer and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

JSON = {"content-type": "application/json"}


async def test_a_validation_error_names_the_field_and_not_its_value(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/lamps", json={"name": "x" * 30, "secret": ["hunter2"]})

    assert answer.status_code == 422
    fields = answer.json()["details"]["fields"]
    assert {field["field"] for field in fields} == {"name", "secret"}
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "biz_malformed_json"),
        (b"\xff\xfe{", 400, "biz_malformed_request"),
        (b'{"name": NaN}', 400, "biz_malformed_json"),
        (b'{"name": 1e999}', 400, "biz_malformed_json"),
        (b'{"name": "\\ud800"}', 400, "biz_malformed_json"),
        (b'{"name": "\xed\xa0\x80"}', 400, "biz_malformed_json"),
        (b'{"name": "a\\u0000b"}', 422, "biz_validation_failed"),
        (b'{"name": 123456789012345678901234567890}', 422, "biz_validation_failed"),
        (b"[" * 100 + b"]" * 100, 422, "biz_validation_failed"),
        (b"[" * 2000 + b"]" * 2000, 400, "biz_malformed_json"),
        (b'"text"', 422, "biz_validation_failed"),
        (b"x" * 5000, 413, "biz_body_too_large"),
    ],
)
async def test_a_broken_body_gets_a_clear_answer(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await client.post("/v1/lamps", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nineteen_digits_that_fit_are_welcome(client: httpx.AsyncClient) -> None:
    body = b'{"name": "9223372036854775807"}'

    assert (await client.post("/v1/lamps", content=body, headers=JSON)).status_code == 201


async def test_a_chunked_body_is_counted_as_it_comes(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    answer = await client.post("/v1/lamps", content=endless(), headers=JSON)

    assert (answer.status_code, answer.json()["details"]) == (413, {"limit_bytes": 4096})


async def test_a_body_that_does_not_come_is_not_waited_for(client: httpx.AsyncClient) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    answer = await client.post("/v1/lamps", content=slow(), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (408, "biz_body_timed_out")


async def test_a_body_of_another_media_type_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lamps", content=b"name=x")

    assert answer.status_code == 415
    assert answer.json()["details"] == {"expected": "application/json"}


async def test_a_suffix_of_json_counts_as_json(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/lamps", content=b'{"name": "x"}', headers={"content-type": "application/vnd.x+json"}
    )

    assert answer.status_code == 201
