"""Names show all of themselves, whatever is named; those of uploaded files are made to."""

from uuid import uuid4

import httpx
import pytest

from tests.contract.documenting import made
from tests.contract.handing_in import refusal

TURNED = "exe\u202egpj"


@pytest.mark.parametrize("name", [TURNED, "a\u0007b", "a\nb", "\u200b\u200d", "\u3164"])
async def test_a_name_that_hides_something_is_refused(client: httpx.AsyncClient, name: str) -> None:
    knowledge_id = (await made(client))["id"]
    text = {"name": name, "text": uuid4().hex}
    asked = (
        ("/v1/apps", {"name": name, "mode": "chat"}, "app_name_invalid"),
        ("/v1/knowledge", {"name": name}, "knowledge_name_invalid"),
        (f"/v1/knowledge/{knowledge_id}/documents", text, "document_name_invalid"),
        ("/v1/tenants", {"name": name}, "account_name_invalid"),
    )
    for path, body, code in asked:
        answer = await client.post(path, json=body)
        assert refusal(answer) == (422, code)


async def test_joiners_of_scripts_and_emoji_stay(client: httpx.AsyncClient) -> None:
    name = f"می\u200cخواهم 👩\u200d🚀 {uuid4().hex}"
    assert (await made(client, name=name))["name"] == name


async def test_the_name_of_a_file_is_kept_without_what_cannot_be_seen(
    client: httpx.AsyncClient,
) -> None:
    knowledge_id = (await made(client))["id"]
    files = {"file": ("report\u202e\u2066.txt", uuid4().hex.encode())}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    assert answer.status_code == 202, answer.text
    assert answer.json()["data"]["documents"][0]["name"] == "report.txt"
