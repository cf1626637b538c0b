"""The page behind a one-time link."""

from datetime import timedelta

import httpx
import pytest

from dify_hex.application.account.add_member import AddMemberCommand
from dify_hex.domain.account.account import Account, Language
from dify_hex.domain.account.permissions import Role
from tests.builders.account import PASSWORD, a_person
from tests.fakes.identity import LINKS_LAST, Identity

FORM = {
    "name": "Ada",
    "email": "ada@example.com",
    "tenant_name": "Engines",
    "password": PASSWORD,
}


@pytest.fixture
async def path(identity: Identity) -> str:
    link = await identity.issue_setup_link.execute()
    return f"/setup/{link.token}"


async def test_the_form_is_a_page_without_scripts_that_nobody_may_frame_or_keep(
    client: httpx.AsyncClient, path: str
) -> None:
    page = await client.get(path)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers.get_list("referrer-policy") == ["no-referrer"]
    assert "<script" not in page.text
    assert all(f'name="{field}"' in page.text for field in FORM)


async def test_filling_it_in_makes_the_owner_once(
    client: httpx.AsyncClient, identity: Identity, path: str
) -> None:
    done = await client.post(path, data=FORM)
    again = await client.post(path, data=FORM)

    assert done.status_code == 200
    assert again.status_code == 410
    await identity.signs_in()
    assert (await client.get(path)).status_code == 410


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "too easy to guess"),
        ({"email": "nobody"}, "not an e-mail address"),
        ({"name": "\x07"}, "one line of visible text"),
        ({"tenant_name": ""}, "one line of visible text"),
    ],
)
async def test_something_wrong_shows_the_form_again_with_what_was_written(
    client: httpx.AsyncClient, identity: Identity, path: str, wrong: dict[str, str], said: str
) -> None:
    page = await client.post(path, data={**FORM, "email": "ada+&<x>@example.com", **wrong})

    assert page.status_code == 422
    assert said in page.text
    assert "<x>" not in page.text
    assert PASSWORD not in page.text
    assert not identity.database.all(Account)
    assert (await client.post(path, data=FORM)).status_code == 200


async def test_the_page_speaks_the_readers_language_and_so_does_the_account(
    client: httpx.AsyncClient, identity: Identity, path: str
) -> None:
    chinese = {"accept-language": "zh-CN,zh;q=0.9"}

    page = await client.get(path, headers=chinese)
    assert '<html lang="zh-CN">' in page.text
    assert "成为所有者" in page.text

    await client.post(path, data=FORM, headers=chinese)
    (account,) = identity.database.all(Account)
    assert account.language is Language.CHINESE


async def test_a_link_that_is_not_there_or_over_says_so(
    client: httpx.AsyncClient, identity: Identity, path: str
) -> None:
    missing = await client.get("/setup/once-nothing")
    assert missing.status_code == 404
    assert "There is no such link" in missing.text
    assert (await client.post("/setup/once-nothing", data=FORM)).status_code == 404

    identity.clock.turn(LINKS_LAST)
    assert (await client.get(path)).status_code == 410


async def test_a_second_link_is_of_no_use_once_there_is_an_owner(
    client: httpx.AsyncClient, identity: Identity, path: str
) -> None:
    second = await identity.issue_setup_link.execute()
    await client.post(path, data=FORM)

    answer = await client.post(f"/setup/{second.token}", data={**FORM, "email": "b@example.com"})

    assert answer.status_code == 409
    assert "There is an owner already" in answer.text


async def test_a_new_member_chooses_a_password(
    client: httpx.AsyncClient, identity: Identity
) -> None:
    await identity.given_owner()
    identity.clock.turn(timedelta(minutes=1))
    command = AddMemberCommand(email="grace@example.com", name="Grace", role=Role.VIEWER)
    added = await identity.add_member.execute(a_person(), command)
    path = f"/setup/{added.link_token}"

    page = await client.get(path)
    assert "grace@example.com" in page.text
    assert 'name="email"' not in page.text

    assert (await client.post(path, data={"password": "short"})).status_code == 422
    assert (await client.post(path, data={"password": PASSWORD})).status_code == 200
    await identity.signs_in("grace@example.com")


async def test_a_form_that_is_none_makes_nothing(
    client: httpx.AsyncClient, identity: Identity, path: str
) -> None:
    as_json = await client.post(path, json=FORM)
    too_many = await client.post(path, data={str(number): "x" for number in range(50)})
    a_file = await client.post(path, files={"password": b"x" * 20})

    assert as_json.status_code == 422
    assert {too_many.status_code, a_file.status_code} <= {400, 422}
    assert not identity.database.all(Account)
