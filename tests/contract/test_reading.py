"""Documents are previewed and read over HTTP, and say why when they cannot be."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.builders import documents
from tests.contract.handing_in import handed_in, refusal
from tests.contract.node_examples import edges, node
from tests.contract.test_workflows import published, run, workflow

Json = dict[str, Any]


async def a_knowledge(client: httpx.AsyncClient) -> str:
    made = await client.post("/v1/knowledge", json={"name": f"Previewed {uuid4().hex}"})
    assert made.status_code == 201, made.text
    knowledge_id: str = made.json()["data"]["id"]
    return knowledge_id


async def preview(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post(f"/v1/knowledge/{await a_knowledge(client)}/preview", json=body)


async def test_a_text_is_previewed(client: httpx.AsyncClient) -> None:
    answer = await preview(
        client,
        text="One sentence here. " * 40,
        segmentation={"max_tokens": 32, "overlap_tokens": 8},
        limit=2,
    )

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert [one["position"] for one in data["segments"]] == [1, 2]
    assert all(one["tokens"] <= 32 for one in data["segments"])
    assert data["total"] > 2
    assert data["is_estimate"] is False


async def test_a_file_is_previewed_with_its_pages_and_headings(client: httpx.AsyncClient) -> None:
    content = documents.pdf([f"{documents.PROSE} It is page {page}." for page in (1, 2)])
    file = await handed_in(client, content, "report.pdf")

    data = (await preview(client, file_id=file["id"])).json()["data"]

    assert [(one["headings"], one["first_page"]) for one in data["segments"]] == [
        (["Chapter 1"], 1),
        (["Chapter 2"], 2),
    ]
    assert data["segments"][1]["content"].endswith("It is page 2.")


async def test_children_are_previewed(client: httpx.AsyncClient) -> None:
    settings = {
        "mode": "parent_child",
        "max_tokens": 64,
        "overlap_tokens": 0,
        "child_max_tokens": 16,
    }

    answer = await preview(client, text="One sentence here. " * 40, segmentation=settings)

    segment = answer.json()["data"]["segments"][0]
    assert all(child["tokens"] <= 16 for child in segment["children"])
    assert len(segment["children"]) > 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", documents.pdf(["x"], password="secret"), "document_encrypted"),
        ("a.pdf", documents.scanned_pdf(), "document_without_text"),
        ("a.docx", documents.word()[:3000], "document_broken"),
        ("a.docx", documents.with_entities("docx"), "document_expands"),
        ("a.txt", b" \n ", "document_empty"),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "document_format_unsupported"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(
    client: httpx.AsyncClient, name: str, content: bytes, code: str
) -> None:
    file = await handed_in(client, content, name)

    assert refusal(await preview(client, file_id=file["id"])) == (422, code)


@pytest.mark.parametrize("body", [{}, {"text": "x", "file_id": str(uuid4())}])
async def test_there_is_one_source(client: httpx.AsyncClient, body: Json) -> None:
    assert (await preview(client, **body)).status_code == 422


async def test_what_is_not_there_is_not_previewed(client: httpx.AsyncClient) -> None:
    assert refusal(await preview(client, file_id=str(uuid4()))) == (404, "file_not_found")
    answer = await client.post(f"/v1/knowledge/{uuid4()}/preview", json={"text": "x"})
    assert refusal(answer) == (404, "knowledge_not_found")


# ------------------------------------------------------------------------------- in a workflow


def extracting(*, is_list: bool) -> Json:
    """A workflow that hands out what is written in its files."""
    kind = "file-list" if is_list else "file"
    variable = {
        "variable": "given",
        "type": kind,
        "required": True,
        "allowed_file_types": ["document"],
        "allowed_file_upload_methods": ["local_file"],
    }
    read = node(
        "read", "document-extractor", variable_selector=["start", "given"], is_array_file=is_list
    )
    outputs = [{"variable": "text", "value_selector": ["read", "text"]}]
    return {
        "nodes": [
            node("start", "start", variables=[variable]),
            read,
            node("end", "end", run_outputs=outputs),
        ],
        "edges": edges("start > read > end"),
    }


def given(file: Json) -> Json:
    return {"type": "document", "transfer_method": "local_file", "upload_file_id": file["id"]}


async def test_a_node_reads_a_file(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(extracting(is_list=False)))
    file = await handed_in(client, documents.word(), "report.docx")

    data = (await run(client, app_id, inputs={"given": given(file)})).json()["data"]

    assert data["status"] == "succeeded", data["error"]
    text = data["outputs"]["text"]
    assert text.startswith("# Annual report\n\nRevenue grew by a tenth.\n\n## Costs 成本\n\n")
    assert "| City | Rent |\n| --- | --- |\n| 北京 | 12 \\| 13 |" in text


async def test_a_node_reads_a_list_of_files(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(extracting(is_list=True)))
    files = [
        given(await handed_in(client, content, name))
        for name, content in (("a.txt", "甲。".encode("gbk")), ("b.md", b"# B"))
    ]

    data = (await run(client, app_id, inputs={"given": files})).json()["data"]

    assert data["outputs"] == {"text": ["甲。", "# B"]}, data["error"]


async def test_a_file_that_cannot_be_read_fails_the_node(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(extracting(is_list=False)))
    file = await handed_in(client, documents.pdf(["x"], password="secret"), "a.pdf")

    data = (await run(client, app_id, inputs={"given": given(file)})).json()["data"]

    assert (data["status"], data["error"]["code"]) == ("failed", "document_encrypted")
