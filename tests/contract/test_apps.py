"""Apps over HTTP: made, edited with If-Match, published, restored, retired."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

Json = dict[str, Any]


def a_name(stem: str = "App") -> str:
    return f"{stem} {uuid4().hex[:12]}"


async def make(client: httpx.AsyncClient, **fields: Any) -> Json:
    answer = await client.post("/v1/apps", json={"name": a_name(), **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()["data"]
    return made


def chat(text: str = "", *variables: Json) -> Json:
    return {
        "mode": "chat",
        "model": {"provider": "local", "model": "smollm2-135m-instruct"},
        "prompt": {"text": text, "variables": list(variables)},
    }


async def configure(
    client: httpx.AsyncClient, app_id: str, body: Json, version: int
) -> httpx.Response:
    return await client.put(
        f"/v1/apps/{app_id}/draft", json=body, headers={"if-match": f'"{version}"'}
    )


async def test_a_new_app_answers_with_its_place_and_version(client: httpx.AsyncClient) -> None:
    name = a_name("Support bot")

    answer = await client.post("/v1/apps", json={"name": name, "icon": "🤖"})

    app = answer.json()["data"]
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/apps/{app['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (app["name"], app["mode"], app["status"]) == (name, "chat", "active")
    assert (app["published_version"], app["draft_version"]) == (None, 1)
    assert app["slug"].startswith("support-bot-")
    assert (await client.get(answer.headers["location"])).json()["data"] == app


async def test_the_same_request_with_the_same_key_makes_one_app(
    client: httpx.AsyncClient,
) -> None:
    body, key = {"name": a_name()}, {"idempotency-key": uuid4().hex}

    first = await client.post("/v1/apps", json=body, headers=key)
    again = await client.post("/v1/apps", json=body, headers=key)
    other = await client.post("/v1/apps", json={"name": a_name()}, headers=key)

    assert first.json()["data"] == again.json()["data"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 409


async def test_a_taken_name_is_a_conflict_in_the_callers_language(
    client: httpx.AsyncClient,
) -> None:
    app = await make(client)

    english = await client.post("/v1/apps", json={"name": app["name"].upper()})
    chinese = await client.post(
        "/v1/apps", json={"name": app["name"]}, headers={"accept-language": "zh-CN"}
    )

    assert (english.status_code, english.json()["code"]) == (409, "app_name_exists")
    assert "choose another name" in english.json()["message"]
    assert chinese.json()["message"] == "已有同名应用，请换一个名称。"


async def test_modes_to_come_are_refused_clearly(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/apps", json={"name": a_name(), "mode": "agent"})

    assert (answer.status_code, answer.json()["code"]) == (422, "app_mode_unsupported")
    offered = ["chat", "completion", "chatflow", "workflow"]
    assert answer.json()["details"] == {"mode": "agent", "offered": offered}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": 1},
        {"name": "x", "surprise": True},
        {"name": "x", "mode": "robot"},
        {"name": "x", "configuration": {"mode": "chat"}},
    ],
)
async def test_bodies_that_make_no_sense_name_their_fields(
    client: httpx.AsyncClient, body: Json
) -> None:
    answer = await client.post("/v1/apps", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "biz_validation_failed")
    assert answer.json()["details"]["fields"]


async def test_lists_are_searched_sorted_and_paged(client: httpx.AsyncClient) -> None:
    stem = uuid4().hex[:8]
    for letter in "bac":
        await make(client, name=f"{stem} {letter}")

    answer = await client.get(
        "/v1/apps", params={"q": stem.upper(), "sort": "name", "limit": 2, "status": "active"}
    )

    found = answer.json()
    assert [app["name"] for app in found["data"]] == [f"{stem} a", f"{stem} b"]
    assert found["pagination"] == {
        "page": 1,
        "limit": 2,
        "total": 3,
        "total_pages": 2,
        "has_next": True,
        "has_prev": False,
    }
    assert (await client.get("/v1/apps", params={"sort": "icon"})).status_code == 422


async def test_renaming_keeps_the_slug_and_respects_the_version(
    client: httpx.AsyncClient,
) -> None:
    app = await make(client)
    place, name = f"/v1/apps/{app['id']}", a_name()

    stale = await client.patch(place, json={"name": name}, headers={"if-match": '"9"'})
    renamed = await client.patch(place, json={"name": name}, headers={"if-match": '"1"'})

    assert (stale.status_code, stale.json()["code"]) == (409, "biz_concurrent_modification")
    assert renamed.headers["etag"] == '"2"'
    assert (renamed.json()["data"]["name"], renamed.json()["data"]["slug"]) == (name, app["slug"])
    assert (await client.patch(place, json={"slug": "Not A Slug"})).json()["code"] == (
        "app_slug_invalid"
    )


async def test_a_draft_is_changed_only_by_who_has_seen_it(client: httpx.AsyncClient) -> None:
    app = await make(client)
    place = f"/v1/apps/{app['id']}/draft"

    blind = await client.put(place, json=chat("Be kind."))
    saved = await configure(client, app["id"], chat("Be kind."), 1)
    stale = await configure(client, app["id"], chat("Be brief."), 1)
    read = await client.get(place)

    assert blind.status_code == 428
    assert (saved.status_code, saved.headers["etag"]) == (200, '"2"')
    assert stale.status_code == 409
    assert read.json()["data"] == saved.json()["data"]
    assert read.json()["data"]["configuration"]["prompt"]["text"] == "Be kind."


async def test_what_is_read_can_be_put_back(client: httpx.AsyncClient) -> None:
    app = await make(client)
    read = await client.get(f"/v1/apps/{app['id']}/draft")

    again = await configure(client, app["id"], read.json()["data"]["configuration"], 1)

    assert (again.status_code, again.json()["data"]["version"]) == (200, 1)


async def test_a_draft_with_faults_is_kept_but_not_published(client: httpx.AsyncClient) -> None:
    app = await make(client)
    body = chat("{{ tone }}", {"name": "1st"}) | {
        "model": {"provider": "local", "model": "", "parameters": {"temperature": 9}}
    }

    saved = await configure(client, app["id"], body, 1)
    refused = await client.post(f"/v1/apps/{app['id']}/publish")

    faults = saved.json()["data"]["faults"]
    assert [(fault["code"], fault["path"]) for fault in faults] == [
        ("model_not_chosen", "model.model"),
        ("model_parameter_out_of_range", "model.parameters.temperature"),
        ("variable_name_invalid", "prompt.variables[0].name"),
        ("prompt_variable_undeclared", "prompt.text"),
    ]
    assert (refused.status_code, refused.json()["code"]) == (422, "app_configuration_invalid")
    assert refused.json()["details"]["faults"] == faults


async def test_a_configuration_of_another_mode_is_refused(client: httpx.AsyncClient) -> None:
    app = await make(client, mode="completion")

    answer = await configure(client, app["id"], chat(), 1)

    assert (answer.status_code, answer.json()["code"]) == (422, "app_mode_mismatch")


async def test_versions_are_numbered_listed_shown_and_restored(
    client: httpx.AsyncClient,
) -> None:
    app = await make(client)
    place = f"/v1/apps/{app['id']}"

    first = await client.post(f"{place}/publish", json={"label": "1.0", "note": "First."})
    nothing = await client.post(f"{place}/publish")
    await configure(client, app["id"], chat("Be kind."), 1)
    stale = await client.post(f"{place}/publish", headers={"if-match": '"1"'})
    second = await client.post(f"{place}/publish", headers={"if-match": '"2"'})
    restored = await client.post(f"{place}/versions/1/restore")
    listed = await client.get(f"{place}/versions")
    shown = await client.get(second.headers["location"])

    assert (first.status_code, first.json()["data"]["number"]) == (201, 1)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "app_nothing_to_publish")
    assert (stale.status_code, second.json()["data"]["number"]) == (409, 2)
    assert restored.json()["data"]["version"] == 3
    assert [version["number"] for version in listed.json()["data"]] == [2, 1]
    assert listed.json()["data"][1]["label"] == "1.0"
    assert shown.json()["data"]["configuration"]["prompt"]["text"] == "Be kind."
    assert (await client.get(place)).json()["data"]["published_version"] == 2
    assert (await client.get(f"{place}/versions/3")).status_code == 404


async def test_an_archived_app_can_be_read_and_brought_back(client: httpx.AsyncClient) -> None:
    app = await make(client)
    place = f"/v1/apps/{app['id']}"

    archived = await client.post(f"{place}/archive")
    refused = await client.patch(place, json={"icon": "x"})
    draft = await client.get(f"{place}/draft")
    back = await client.post(f"{place}/unarchive")

    assert archived.json()["data"]["status"] == "archived"
    assert (refused.status_code, refused.json()["code"]) == (409, "app_archived")
    assert (draft.status_code, back.json()["data"]["status"]) == (200, "active")


async def test_a_deleted_app_is_gone_and_its_name_free(client: httpx.AsyncClient) -> None:
    app = await make(client)
    place = f"/v1/apps/{app['id']}"

    assert (await client.delete(place, headers={"if-match": '"7"'})).status_code == 409
    assert (await client.delete(place)).status_code == 204

    for path in (place, f"{place}/draft", f"{place}/versions"):
        assert (await client.get(path)).json()["code"] == "app_not_found"
    assert (await make(client, name=app["name"]))["id"] != app["id"]


async def test_a_key_bound_to_an_app_sees_that_app_only(client: httpx.AsyncClient) -> None:
    mine, other = await make(client), await make(client)
    made = await client.post(
        "/v1/api-keys",
        json={"name": a_name(), "scopes": ["app:read", "app:write"], "app_id": mine["id"]},
    )
    headers = {"authorization": f"Bearer {made.json()['data']['secret']}"}

    listed = await client.get("/v1/apps", headers=headers)
    refused = await client.get(f"/v1/apps/{other['id']}", headers=headers)
    creating = await client.post("/v1/apps", json={"name": a_name()}, headers=headers)

    assert [app["id"] for app in listed.json()["data"]] == [mine["id"]]
    assert (await client.get(f"/v1/apps/{mine['id']}", headers=headers)).status_code == 200
    for answer in (refused, creating):
        assert answer.status_code == 403
        assert answer.json()["code"] == "auth_key_bound_to_other_app"
