"""Retrieving passages: over HTTP from one API process, and how well fusion orders them.

Embeddings come from a server that takes the same time for every text. Quality is measured on
documentation: a title has to lead to its section, by meaning, by words and by both.
"""

import argparse
import itertools
import random
import time
from collections.abc import Sequence
from typing import Any

import httpx
import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.load import Load, closed_loop
from benchmarks.processes import cpu_seconds
from benchmarks.retrieval_quality import quality_figures
from benchmarks.stage import Stage, made, scripted_model, stage

_CALLERS = 8
_AT_LEAST = 150
_PARAGRAPHS = 100
_WORDS = 45
_VOCABULARY = 20_000
#: Seconds that indexing may take.
_PATIENCE = 900.0
_EMBEDDING = "scripted-embedding:dimension=512"


def measure(options: argparse.Namespace) -> Report:
    """Index, ask in each way, then compare the ways."""
    segments = 2_000 if options.quick else 10_000
    seconds = 6.0 if options.quick else 20.0
    figures: list[Figure] = []
    with (
        scripted_model() as embedder,
        stage(
            DIFY_HEX_EMBEDDING_URL=f"http://{embedder.host}:{embedder.port}/v1",
            DIFY_HEX_EMBEDDING_NAME=_EMBEDDING,
        ) as product,
    ):
        knowledge_id, filling = _filled(product, segments)
        figures.append(Figure(name="segments indexed", value=segments / filling, unit="/s"))
        for method, target in (("semantic", _AT_LEAST), ("full_text", None), ("hybrid", None)):
            figures += _asked(product, knowledge_id, method, seconds, target)
    figures += quality_figures(quick=options.quick)
    return Report(
        title=f"Retrieving from {segments:,} segments over HTTP, {_CALLERS} callers, one API "
        "process",
        figures=tuple(figures),
    )


def _filled(product: Stage, segments: int) -> tuple[str, float]:
    """A Knowledge of so many segments, and the seconds that indexing them took."""
    body = {
        "name": "Measured",
        "embedding": {"provider": "local", "model": _EMBEDDING},
        "segmentation": {"max_tokens": 256, "overlap_tokens": 0},
    }
    knowledge_id: str = made(product.owner, "/v1/knowledge", body)["id"]
    began = time.perf_counter()
    for number, text in enumerate(_texts(segments)):
        document = {"name": f"document {number}", "text": text}
        made(product.owner, f"/v1/knowledge/{knowledge_id}/documents", document)
    _wait(product.owner, knowledge_id)
    return knowledge_id, time.perf_counter() - began


def _texts(segments: int) -> Sequence[str]:
    """Documents of paragraphs, each of which becomes a segment."""
    chance = random.Random(7)
    words = [f"word{number}" for number in range(_VOCABULARY)]
    heading = itertools.count(1)
    return [
        "\n\n".join(
            f"# Part {next(heading)}\n\n" + " ".join(chance.choices(words, k=_WORDS))
            for _ in range(_PARAGRAPHS)
        )
        for _ in range(segments // _PARAGRAPHS)
    ]


def _wait(owner: httpx.Client, knowledge_id: str) -> None:
    until = time.monotonic() + _PATIENCE
    path = f"/v1/knowledge/{knowledge_id}/documents?limit=100"
    while time.monotonic() < until:
        documents: list[dict[str, Any]] = owner.get(path).json()["data"]
        states = {each["status"] for each in documents}
        if "failed" in states:
            raise RuntimeError("a document could not be indexed")
        if states == {"completed"}:
            return
        time.sleep(0.5)
    raise TimeoutError("indexing has not ended")


def _asked(
    product: Stage, knowledge_id: str, method: str, seconds: float, target: float | None
) -> list[Figure]:
    numbers = itertools.count(1)
    chance = random.Random(11)

    def request() -> bytes:
        # Every question is a new one: none is known to any cache.
        words = " ".join(f"word{chance.randrange(_VOCABULARY)}" for _ in range(3))
        body = {"query": f"{words} {next(numbers)}", "settings": {"method": method}}
        token = product.owner.headers["authorization"]
        return product.request(
            "POST", f"/v1/knowledge/{knowledge_id}/retrieve", body, {"Authorization": token}
        )

    before = cpu_seconds(product.api_pid)
    load: Load = uvloop.run(
        closed_loop(product.address, request, callers=_CALLERS, seconds=seconds)
    )
    cpu = cpu_seconds(product.api_pid) - before
    if load.refused:
        raise RuntimeError(f"{method}: {dict(load.refused)} {load.sample[:300]!r}")
    share = seconds / (seconds + 1)
    return [
        Figure(
            name=f"{method}, answers",
            value=load.per_second,
            unit="/s",
            target=target,
            sense="least",
        ),
        Figure(name=f"{method}, latency p50", value=load.milliseconds(0.5), unit="ms"),
        Figure(name=f"{method}, latency p99", value=load.milliseconds(0.99), unit="ms"),
        Figure(
            name=f"{method}, API CPU per answer",
            value=1000 * cpu * share / max(1, len(load.latencies)),
            unit="ms",
        ),
    ]


if __name__ == "__main__":
    run_alone(__doc__ or "", measure)
