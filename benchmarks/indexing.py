"""Indexing one very large text over HTTP: how fast, and how much memory the worker takes."""

import argparse
import json
import time
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.extraction import paragraphs
from benchmarks.figures import Figure, Report, run_alone
from benchmarks.processes import command_line, pss_bytes, tree
from benchmarks.stage import Stage, made, scripted_model, stage

_MEGABYTE = 1_000_000
_EMBEDDING = "scripted-embedding:dimension=64"
#: Seconds that all of it may take.
_PATIENCE = 3600.0


def measure(options: argparse.Namespace) -> Report:
    """Send the text as a file, and watch the worker until all of it can be found."""
    megabytes = 20 if options.quick else 200
    with (
        TemporaryDirectory(dir="/var/tmp") as folder,
        scripted_model() as embedder,
        stage(
            DIFY_HEX_EMBEDDING_URL=f"http://{embedder.host}:{embedder.port}/v1",
            DIFY_HEX_EMBEDDING_NAME=_EMBEDDING,
        ) as product,
    ):
        path = Path(folder, "long.txt")
        _write(path, megabytes * _MEGABYTE)
        figures = _indexed(product, path)
    return Report(title=f"One text of {megabytes} MB, indexed over HTTP", figures=figures)


def _indexed(product: Stage, path: Path) -> list[Figure]:
    scopes = ["knowledge:read", "knowledge:write"]
    key = made(product.owner, "/v1/api-keys", {"name": "indexing", "scopes": scopes})["secret"]
    # The owner's token is over before all of it is indexed.
    client = httpx.Client(
        base_url=product.product.url, headers={"Authorization": f"Bearer {key}"}, timeout=120
    )
    body = {"name": "Long", "embedding": {"provider": "local", "model": _EMBEDDING}}
    knowledge_id = made(client, "/v1/knowledge", body)["id"]
    began = time.monotonic()
    with path.open("rb") as content:
        answer = client.post(
            f"/v1/knowledge/{knowledge_id}/documents", files={"file": (path.name, content)}
        )
    assert answer.is_success, answer.text
    sent = time.monotonic() - began
    document, peak, api_peak = _watched(product, client, answer.json()["data"]["documents"][0])
    seconds = time.monotonic() - began - sent
    size = path.stat().st_size / _MEGABYTE
    return [
        Figure(name="taken in", value=size / sent, unit="MB/s"),
        Figure(
            name="segments indexed",
            value=document["segments"] / seconds,
            unit="/s",
            note=f"{document['segments']:,} segments of {size:.0f} MB in {seconds:.0f} s",
        ),
        Figure(
            name="memory of the worker, at the most",
            value=peak / _MEGABYTE,
            unit="MB",
            target=400.0,
            note=f"the API's meanwhile {api_peak / _MEGABYTE:.0f} MB",
        ),
    ]


def _watched(
    product: Stage, client: httpx.Client, document: dict[str, Any]
) -> tuple[dict[str, Any], int, int]:
    """The document at its end, and the most memory of worker and API."""
    worker = _worker(product)
    peak = api_peak = 0
    until = time.monotonic() + _PATIENCE
    while document["status"] in ("pending", "processing"):
        if time.monotonic() > until:
            raise TimeoutError("indexing has not ended")
        time.sleep(0.5)
        peak = max(peak, pss_bytes(worker))
        api_peak = max(api_peak, pss_bytes(product.api_pid))
        document = client.get(f"/v1/documents/{document['id']}").json()["data"]
    if document["status"] != "completed":
        raise RuntimeError(json.dumps(document["error"]))
    return document, peak, api_peak


def _worker(product: Stage) -> int:
    for process in tree(product.product.process.pid):
        if command_line(process).endswith("dify_hex.bootstrap.services worker"):
            return int(process.pid)
    raise LookupError("there is no worker process")


def _write(path: Path, size: int) -> None:
    """English prose, no paragraph like another."""
    written = 0
    with path.open("wb") as file:
        for number, paragraph in enumerate(cycle(list(paragraphs()))):
            written += file.write(f"{number} {paragraph}\n\n".encode())
            if written >= size:
                return


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
