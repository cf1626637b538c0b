"""`dify-hex knowledge`: making Knowledge, adding documents, and asking it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.document_progress import DocumentBars, follow, upload_all
from dify_hex.entrypoints.cli.failures import CommandFailed, unusable
from dify_hex.entrypoints.cli.names import find_knowledge, id_of_knowledge
from dify_hex.entrypoints.cli.output import (
    AsJson,
    confirm,
    print_facts,
    print_json,
    print_page,
    print_table,
    say,
    whisper,
)
from dify_hex.entrypoints.cli.program import group_of

commands = group_of("""Make Knowledge, add documents to it, and ask it.

Examples:

  dify-hex knowledge add report.pdf

  dify-hex knowledge add --to Handbook chapters/*.md

  dify-hex knowledge documents Handbook

  dify-hex knowledge retrieve Handbook "When do we open?"
""")

_DEFAULT_NAME = "Documents"
_Knowledge = Annotated[str, typer.Argument(metavar="KNOWLEDGE", help="Its name or id.")]
_Limit = Annotated[int, typer.Option(min=1, max=100)]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    description: Annotated[str, typer.Option(help="What is in it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a Knowledge without documents."""
    made = _create(Api.of(), name, description)
    if as_json:
        print_json(made)
        return
    whisper(f"{made['name']} is ready for documents. Its id:")
    say(made["id"])


@commands.command("list")
def list_knowledge(
    q: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    page: Annotated[int, typer.Option(min=1)] = 1,
    limit: _Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Every Knowledge, newest first."""
    query = {"q": q, "page": page, "limit": limit}
    answer = Api.of().call("GET", "/v1/knowledge", query=query)
    if as_json:
        print_page(answer)
        return
    columns = {
        "ID": "id",
        "Name": "name",
        "Documents": "documents",
        "Segments": "segments",
        "Created": "created_at",
    }
    empty = "There is no Knowledge yet; `dify-hex knowledge add FILE` makes one."
    print_table(columns, answer.data, empty)


@commands.command()
def show(knowledge: _Knowledge, as_json: AsJson = False) -> None:
    """One Knowledge and how it works."""
    api = Api.of()
    found = api.call("GET", f"/v1/knowledge/{id_of_knowledge(api, knowledge)}").data
    if as_json:
        print_json(found)
        return
    model, cut, search = found["embedding"], found["segmentation"], found["retrieval"]
    print_facts(
        {
            **{name: found[name] for name in ("id", "name", "description")},
            "documents": found["documents"],
            "segments": found["segments"],
            "embedding": f"{model['provider']}/{model['model']}",
            "segmentation": f"{cut['mode']}, up to {cut['max_tokens']} tokens",
            "retrieval": f"{search['method']}, the best {search['top_k']}",
            "created_at": found["created_at"],
        }
    )


@commands.command()
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to add.")],
    to: Annotated[
        str | None, typer.Option(help="The Knowledge; it is made if there is none of that name.")
    ] = None,
    duplicate: Annotated[
        bool, typer.Option("--duplicate", help="Also what is there already.")
    ] = False,
    follows: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Wait until all of it can be found.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Add files to a Knowledge, and wait until they can be found."""
    for path in paths:
        if not path.is_file():
            raise unusable(f"{path} is no file.")
    api = Api.of()
    knowledge = find_knowledge(api, to or _DEFAULT_NAME) or _create(api, to or _DEFAULT_NAME)
    with DocumentBars(silent=as_json) as bars:
        documents, refused = upload_all(api, bars, knowledge["id"], paths, duplicate=duplicate)
        if follows:
            documents = follow(api, bars, documents)
    if as_json:
        told = {"knowledge_id": knowledge["id"], "documents": documents, "refused": refused}
        print_json(told)
    else:
        for document in documents:
            _tell(document, knowledge["name"])
    failed = refused + [each for each in documents if each["status"] in _NOT_DONE]
    if failed:
        raise _not_indexed(failed)


@commands.command()
def documents(
    knowledge: _Knowledge,
    q: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="pending, processing, paused, completed, failed or cancelled."),
    ] = None,
    page: Annotated[int, typer.Option(min=1)] = 1,
    limit: _Limit = 20,
    as_json: AsJson = False,
) -> None:
    """The documents of a Knowledge, newest first."""
    api = Api.of()
    path = f"/v1/knowledge/{id_of_knowledge(api, knowledge)}/documents"
    query = {"q": q, "status": status, "page": page, "limit": limit}
    answer = api.call("GET", path, query=query)
    if as_json:
        print_page(answer)
        return
    columns = {
        "ID": "id",
        "Name": "name",
        "Status": "status",
        "Done": "done",
        "Pages": "pages",
        "Segments": "segments",
        "Hits": "hits",
        "Error": "why",
    }
    rows = [
        {**each, "done": f"{each['progress']:.0f} %", "why": (each["error"] or {}).get("message")}
        for each in answer.data
    ]
    print_table(columns, rows, "There are no documents; `dify-hex knowledge add` brings some.")


@commands.command()
def retrieve(
    knowledge: _Knowledge,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    top_k: Annotated[int | None, typer.Option(min=1, max=100, help="How many passages.")] = None,
    as_json: AsJson = False,
) -> None:
    """The passages that answer a question best."""
    api = Api.of()
    body: dict[str, object] = {"query": query}
    if top_k is not None:
        body["settings"] = {"top_k": top_k}
    path = f"/v1/knowledge/{id_of_knowledge(api, knowledge)}/retrieve"
    found = api.call("POST", path, body=body).data
    if as_json:
        print_json(found)
        return
    for passage in found["passages"]:
        whisper(f"[{passage['position']}] {_place(passage)}  {passage['score']:.3f}")
        say(f"{passage['content']}\n")
    if not found["passages"]:
        whisper("Nothing was found.")


@commands.command()
def delete(knowledge: _Knowledge, yes: _Yes = False, as_json: AsJson = False) -> None:
    """Delete a Knowledge with its documents."""
    api = Api.of()
    knowledge_id = id_of_knowledge(api, knowledge)
    found = api.call("GET", f"/v1/knowledge/{knowledge_id}").data
    confirm(f"Delete {found['name']} with {found['documents']} documents?", sure=yes or as_json)
    api.call("DELETE", f"/v1/knowledge/{knowledge_id}")
    if as_json:
        print_json({"id": knowledge_id, "deleted": True})
    else:
        say(f"Deleted {found['name']}.")


_NOT_DONE = ("failed", "cancelled", "paused")


def _create(api: Api, name: str, description: str = "") -> dict[str, Any]:
    body = {"name": name, "description": description}
    made: dict[str, Any] = api.call("POST", "/v1/knowledge", body=body).data
    return made


def _tell(document: dict[str, Any], knowledge: str) -> None:
    if document["status"] != "completed":
        return
    pages = document["pages"]
    counted = f"{pages} pages, " if pages else ""
    segments = document["segments"]
    say(f"{document['name']}: {counted}{segments} segments in {knowledge}.")


def _not_indexed(failed: list[dict[str, Any]]) -> CommandFailed:
    reasons = [
        {
            "name": document["name"],
            "message": (document["error"] or {}).get("message", document["status"]),
        }
        for document in failed
    ]
    first = failed[0]["error"] or {}
    message = f"{failed[0]['name']}: {first.get('message', failed[0]['status'])}"
    return CommandFailed(
        message if len(failed) == 1 else f"{len(failed)} documents could not be indexed.",
        code=first.get("code", "document_not_indexed"),
        details={} if len(failed) == 1 else {"documents": reasons},
    )


def _place(passage: dict[str, Any]) -> str:
    page = passage["first_page"]
    parts = [passage["document_name"], f"page {page}" if page else "", *passage["headings"]]
    return " › ".join(filter(None, parts))
