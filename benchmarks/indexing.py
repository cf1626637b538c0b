"""Indexing one very large text over HTTP: how fast, and how much memory the worker takes."""

import argparse
import json
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.extraction import paragraphs
from benchmarks.figures import Figure, Report, run_alone
from benchmarks.processes import command_line, pss_bytes, tree
from benchmarks.stage import Stage, made, stage, stage_with_embedder
from dify_hex.application.model_provider.built_in import DEFAULT_EMBEDDING

_MEGABYTE = 1_000_000
_EMBEDDING = "scripted-embedding:dimension=64"
#: Seconds that all of it may take.
_PATIENCE = 3600.0


def measure(options: argparse.Namespace) -> Report:
    """Send texts as files, and watch the worker until all of them can be found."""
    large, small = (8, 0.3) if options.quick else (200, 5)
    with TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        with stage_with_embedder(_EMBEDDING) as product:
            constant = _indexed(product, _text(folder, large), _EMBEDDING)
        with stage() as product:
            local = _indexed(product, _text(folder, small), DEFAULT_EMBEDDING)
    return Report(
        title=f"One text of {large} MB, indexed over HTTP",
        figures=[
            Figure(name="taken in", value=constant.taken_in, unit="MB/s"),
            Figure(
                name="segments indexed",
                value=constant.a_second,
                unit="/s",
                note=f"{constant.told}; an embedding server that answers at once",
            ),
            Figure(
                name="memory of the worker, at the most",
                value=constant.worker / _MEGABYTE,
                unit="MB",
                target=400.0,
                note=f"the API's meanwhile {constant.api / _MEGABYTE:.0f} MB",
            ),
            Figure(
                name="segments indexed with the local model",
                value=local.a_second,
                unit="/s",
                note=local.told,
            ),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """How one text was indexed: megabytes, seconds, and bytes of memory at the most."""

    megabytes: float
    sending: float
    seconds: float
    segments: int
    worker: int
    api: int

    @property
    def taken_in(self) -> float:
        """Megabytes a second, until the file is with the product."""
        return self.megabytes / self.sending

    @property
    def a_second(self) -> float:
        """Segments a second, from then on."""
        return self.segments / self.seconds

    @property
    def told(self) -> str:
        """What that is of."""
        return f"{self.segments:,} segments of {self.megabytes:.1f} MB in {self.seconds:.0f} s"


def _indexed(product: Stage, path: Path, model: str) -> Indexed:
    scopes = ["knowledge:read", "knowledge:write"]
    key = made(product.owner, "/v1/api-keys", {"name": "indexing", "scopes": scopes})["secret"]
    # The owner's token is over before all of it is indexed.
    client = httpx.Client(
        base_url=product.product.url, headers={"Authorization": f"Bearer {key}"}, timeout=120
    )
    body = {"name": "Long", "embedding": {"provider": "local", "model": model}}
    knowledge_id = made(client, "/v1/knowledge", body)["id"]
    began = time.monotonic()
    with path.open("rb") as content:
        answer = client.post(
            f"/v1/knowledge/{knowledge_id}/documents", files={"file": (path.name, content)}
        )
    assert answer.is_success, answer.text
    sending = time.monotonic() - began
    document, worker, api = _watched(product, client, answer.json()["data"]["documents"][0])
    return Indexed(
        megabytes=path.stat().st_size / _MEGABYTE,
        sending=sending,
        seconds=time.monotonic() - began - sending,
        segments=document["segments"],
        worker=worker,
        api=api,
    )


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


def _text(folder: Path, megabytes: float) -> Path:
    """English prose, no paragraph like another."""
    path = folder / "long.txt"
    written = 0
    with path.open("wb") as file:
        for number, paragraph in enumerate(cycle(list(paragraphs()))):
            written += file.write(f"{number} {paragraph}\n\n".encode())
            if written >= megabytes * _MEGABYTE:
                break
    return path


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
