"""Model providers over HTTP, a scripted server in the vendor's place."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.running_api import RunningApi
from tests.contract.stored_text import everything_stored
from tests.contract.talking import published, said
from tests.fakes.running_model_server import RunningModelServer, run_model_server
from tests.fakes.servers import RunningServers

Json = dict[str, Any]
PATH = "/v1/model-providers"
KEY = "sk-canary-0123456789abcdefghijklmnop-wxyz"
WRONG_KEY = "sk-wrong"


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningModelServer]:
    with run_model_server() as server:
        yield server


@pytest.fixture
def body(vendor: RunningModelServer) -> Json:
    """A provider at the scripted server, under a name that nobody else uses."""
    return {
        "kind": "openai_compatible",
        "name": f"vendor-{uuid4().hex[:12]}",
        "base_url": vendor.url,
        "api_key": KEY,
    }


async def made(client: httpx.AsyncClient, body: Json) -> Json:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()["data"]
    return found


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_provider_is_plugged_in_shown_and_unplugged(
    client: httpx.AsyncClient, body: Json
) -> None:
    answer = await client.post(PATH, json={**body, "models": [{"name": "scripted"}]})
    provider = answer.json()["data"]

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{PATH}/{provider['id']}"
    assert answer.headers["etag"] == '"1"'
    assert provider["credential_hint"] == "sk-c…wxyz"
    assert provider["models"] == [
        {
            "name": "scripted",
            "type": "llm",
            "context_window": 8192,
            "max_output": None,
            "features": None,
        }
    ]
    shown = await client.get(answer.headers["location"])
    assert shown.json()["data"] == provider
    listed = (await client.get(PATH, params={"q": body["name"], "sort": "name"})).json()
    assert (listed["data"], listed["pagination"]["total"]) == ([provider], 1)
    assert (await client.delete(answer.headers["location"])).status_code == 204
    gone = await client.get(answer.headers["location"])
    assert told(gone) == (404, "model_provider_not_found")


async def test_a_provider_that_was_named_no_models_adopts_those_it_lists(
    client: httpx.AsyncClient, body: Json
) -> None:
    provider = await made(client, body)

    verified = await client.post(f"{PATH}/{provider['id']}/verify")

    assert verified.status_code == 200, verified.text
    found = verified.json()["data"]
    assert (found["provider"], found["verified_by"]) == (body["name"], "catalogue")
    assert {"scripted", "scripted-embedding"} <= set(found["adopted"])
    usable = (await client.get("/v1/models", params={"type": "embedding"})).json()["data"]
    names = [model["name"] for model in usable if model["provider"] == body["name"]]
    assert "scripted-embedding" in names
    assert "scripted" not in names


async def test_an_app_answers_with_a_model_of_the_tenants_own(
    client: httpx.AsyncClient, body: Json, vendor: RunningModelServer
) -> None:
    await made(client, {**body, "models": [{"name": "scripted"}]})
    model = {"provider": body["name"], "model": "scripted"}
    app = await published(client, configuration={"mode": "chat", "model": model})

    message = await said(client, app, "[[text='From the vendor.']] Hello")

    assert (message["status"], message["answer"]) == ("succeeded", "From the vendor.")
    assert vendor.requests[-1].question.endswith("Hello")


async def test_every_refusal_of_a_provider_has_a_code_of_its_own(
    client: httpx.AsyncClient, body: Json
) -> None:
    wrong = await made(client, {**body, "api_key": WRONG_KEY})
    nobody = await made(
        client, {**body, "name": f"{body['name']}-2", "base_url": "http://127.0.0.1:9/v1"}
    )

    refused = await client.post(f"{PATH}/{wrong['id']}/verify")
    away = await client.post(f"{PATH}/{nobody['id']}/verify")
    absent = await client.post(f"{PATH}/{uuid4()}/verify")

    assert told(refused) == (422, "model_authentication_failed")
    assert WRONG_KEY not in refused.text
    assert told(away) == (503, "model_unavailable")
    assert "retry-after" in away.headers
    assert told(absent) == (404, "model_provider_not_found")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "abacus"}, 422, "model_provider_kind_unknown"),
        ({"name": "local"}, 409, "model_provider_built_in"),
        ({"name": "No Name"}, 422, "model_provider_name_invalid"),
        ({"base_url": "ftp://models.example.com"}, 422, "model_base_url_invalid"),
        ({"base_url": None}, 422, "model_base_url_invalid"),
        ({"kind": "openai", "api_key": None}, 422, "model_credential_required"),
        ({"models": [{"name": "a"}, {"name": "a"}]}, 409, "model_exists"),
        (
            {"models": [{"name": "a", "context_window": 5, "max_output": 6}]},
            422,
            "model_invalid",
        ),
        ({"api_key": "sk-with a space"}, 422, "biz_validation_failed"),
        ({"api_key": ""}, 422, "biz_validation_failed"),
        ({"surprise": 1}, 422, "biz_validation_failed"),
    ],
)
async def test_what_cannot_stand_is_refused_by_name(
    client: httpx.AsyncClient, body: Json, change: Json, status: int, code: str
) -> None:
    answer = await client.post(PATH, json={**body, **change})

    assert told(answer) == (status, code)
    if change.get("api_key"):
        assert change["api_key"] not in answer.text


async def test_a_name_is_taken_once(client: httpx.AsyncClient, body: Json) -> None:
    await made(client, body)

    assert told(await client.post(PATH, json=body)) == (409, "model_provider_name_taken")


async def test_errors_come_in_chinese_too(client: httpx.AsyncClient, body: Json) -> None:
    answer = await client.post(
        PATH, json={**body, "name": "local"}, headers={"accept-language": "zh-CN"}
    )

    assert answer.json()["message"] == "名称 local 属于内置供应商，请换一个名称。"


async def test_a_change_counts_for_the_version_that_was_seen(
    client: httpx.AsyncClient, body: Json
) -> None:
    provider = await made(client, {**body, "models": [{"name": "scripted"}]})
    path = f"{PATH}/{provider['id']}"
    change = {"name": f"{body['name']}-b", "enabled": False, "models": [{"name": "other"}]}

    changed = await client.patch(path, json=change, headers={"if-match": '"1"'})
    stale = await client.patch(path, json=change, headers={"if-match": '"1"'})
    too_late = await client.delete(path, headers={"if-match": '"1"'})

    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"2"'
    found = changed.json()["data"]
    assert (found["name"], found["enabled"]) == (change["name"], False)
    assert [model["name"] for model in found["models"]] == ["other"]
    assert told(stale) == told(too_late) == (409, "biz_concurrent_modification")
    usable = (await client.get("/v1/models")).json()["data"]
    assert found["name"] not in {model["provider"] for model in usable}


async def test_a_stored_key_does_not_follow_to_another_address(
    client: httpx.AsyncClient, body: Json
) -> None:
    path = f"{PATH}/{(await made(client, body))['id']}"
    elsewhere = {"base_url": "http://127.0.0.1:9/v1"}

    alone = await client.patch(path, json=elsewhere)
    together = await client.patch(path, json={**elsewhere, "api_key": "sk-another-0123456789"})
    without = await client.patch(path, json={"api_key": None})

    assert told(alone) == (422, "model_credential_required")
    assert together.json()["data"]["credential_hint"] == "sk-a…6789"
    assert without.json()["data"]["credential_hint"] is None


async def test_the_installations_model_comes_first(client: httpx.AsyncClient) -> None:
    usable = (await client.get("/v1/models")).json()["data"]

    assert usable[0] == {
        "provider": "local",
        "name": "scripted",
        "type": "llm",
        "context_window": 8192,
        "max_output": None,
        "demonstration": False,
    }


async def test_a_key_is_shown_and_kept_nowhere_in_the_clear(
    client: httpx.AsyncClient,
    body: Json,
    database: RunningServers,
    capfd: pytest.CaptureFixture[str],
) -> None:
    headers = {"idempotency-key": uuid4().hex}
    first = await client.post(PATH, json=body, headers=headers)
    again = await client.post(PATH, json=body, headers=headers)
    other = await client.post(PATH, json={**body, "api_key": KEY[:-1]}, headers=headers)
    path = f"{PATH}/{first.json()['data']['id']}"
    answers = [
        first,
        again,
        other,
        await client.get(PATH, params={"limit": 100}),
        await client.get(path),
        await client.patch(path, json={"api_key": KEY}),
        await client.post(f"{path}/verify"),
        await client.post(PATH, json={**body, "kind": 5}),
    ]

    assert again.json() == first.json()
    assert told(other) == (409, "biz_idempotency_key_reused")
    secret = KEY.removeprefix("sk-")
    assert not [answer.text for answer in answers if secret in answer.text]
    stored = await everything_stored(database.admin_url)
    assert body["name"] in stored
    for shape in (secret, secret.encode().hex()):
        assert shape not in stored
    output = capfd.readouterr()
    assert secret not in output.out + output.err


async def test_calls_of_models_are_counted(
    client: httpx.AsyncClient, api: RunningApi, body: Json
) -> None:
    await made(client, {**body, "models": [{"name": "scripted"}]})
    model = {"provider": body["name"], "model": "scripted"}
    app = await published(client, configuration={"mode": "chat", "model": model})

    await said(client, app)

    figures = api.container.shared().telemetry().exposition()[0].decode()
    for name in (
        'model_calls_total{outcome="succeeded",provider="openai_compatible"}',
        'model_tokens_total{kind="completion",provider="openai_compatible"}',
        'model_call_duration_seconds_count{provider="openai_compatible"}',
        'model_time_to_first_answer_seconds_count{provider="openai_compatible"}',
    ):
        assert name in figures
