"""Retrieving passages: over HTTP from one API process, and how well fusion orders them.

Embeddings come from a server that takes the same time for every text, then from the local model.
Quality is measured on documentation: a title has to lead to its section, by meaning, by words and
by both.
"""

import argparse
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.load import Load, closed_loop
from benchmarks.processes import cpu_seconds
from benchmarks.retrieval_quality import quality_figures
from benchmarks.search_data import known_items
from benchmarks.stage import Stage, made, stage, stage_with_embedder
from dify_hex.application.model_provider.built_in import DEFAULT_EMBEDDING

_CALLERS = 8
_AT_LEAST = 150
_PARAGRAPHS = 100
_WORDS = 45
_VOCABULARY = 20_000
#: Seconds that indexing may take.
_PATIENCE = 900.0
_EMBEDDING = "scripted-embedding:dimension=512"
_SCOPES = ("knowledge:read", "knowledge:write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured: segments, seconds of asking, and titles whose section is known."""

    segments: int
    of_local_model: int
    seconds: float
    titles: int
    of_packages: bool


_FULL = Scale(segments=10_000, of_local_model=10_000, seconds=20.0, titles=3_000, of_packages=True)
#: Still more segments than are compared one by one.
_QUICK = Scale(segments=2_100, of_local_model=100, seconds=2.0, titles=100, of_packages=False)


def measure(options: argparse.Namespace) -> Report:
    """Index, ask in each way, ask the local model, then compare the ways."""
    scale = _QUICK if options.quick else _FULL
    figures = [
        *_with_constant_embedder(scale),
        *_with_local_model(scale),
        *quality_figures(known_items(of_packages=scale.of_packages)[: scale.titles]),
    ]
    return Report(
        title=f"Retrieving from {scale.segments:,} segments over HTTP, {_CALLERS} callers, one "
        "API process",
        figures=tuple(figures),
    )


def _with_constant_embedder(scale: Scale) -> Iterator[Figure]:
    with stage_with_embedder(_EMBEDDING) as product:
        filled = Filled.with_segments(product, scale.segments, _EMBEDDING)
        yield Figure(name="segments indexed", value=filled.a_second, unit="/s")
        for method, target in (("semantic", _AT_LEAST), ("full_text", None), ("hybrid", None)):
            load, cpu = filled.asked(method, scale.seconds)
            yield Figure(
                name=f"{method}, answers",
                value=load.per_second,
                unit="/s",
                target=target,
                sense="least",
            )
            yield from _latencies(method, load)
            yield Figure(name=f"{method}, API CPU per answer", value=1000 * cpu, unit="ms")


def _with_local_model(scale: Scale) -> Iterator[Figure]:
    with stage() as product:
        filled = Filled.with_segments(product, scale.of_local_model, DEFAULT_EMBEDDING)
        load, _ = filled.asked("semantic", scale.seconds)
    name = "semantic with the local model"
    note = f"{scale.of_local_model:,} segments; its process shares the two cores"
    yield Figure(name=f"{name}, answers", value=load.per_second, unit="/s", note=note)
    yield from _latencies(name, load)


def _latencies(name: str, load: Load) -> Iterator[Figure]:
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        yield Figure(name=f"{name}, latency {word}", value=load.milliseconds(share), unit="ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A Knowledge with segments, and how many of them were indexed in a second."""

    product: Stage
    key: str
    knowledge_id: str
    a_second: float

    @classmethod
    def with_segments(cls, product: Stage, segments: int, model: str) -> "Filled":
        """Made by the worker, of documents that were sent as text."""
        key = made(product.owner, "/v1/api-keys", {"name": "retrieval", "scopes": _SCOPES})
        client = httpx.Client(
            base_url=product.product.url,
            headers={"Authorization": f"Bearer {key['secret']}"},
            timeout=60,
        )
        body = {
            "name": "Measured",
            "embedding": {"provider": "local", "model": model},
            "segmentation": {"max_tokens": 256, "overlap_tokens": 0},
        }
        knowledge_id: str = made(client, "/v1/knowledge", body)["id"]
        began = time.perf_counter()
        for number, text in enumerate(_texts(segments)):
            document = {"name": f"document {number}", "text": text}
            made(client, f"/v1/knowledge/{knowledge_id}/documents", document)
        _wait(client, knowledge_id, segments)
        return cls(
            product=product,
            key=key["secret"],
            knowledge_id=knowledge_id,
            a_second=segments / (time.perf_counter() - began),
        )

    def asked(self, method: str, seconds: float) -> tuple[Load, float]:
        """What callers saw, and the seconds of the API's CPU that an answer took."""
        numbers = itertools.count(1)
        chance = random.Random(11)

        def request() -> bytes:
            # Every question is a new one: none is known to any cache.
            words = " ".join(f"word{chance.randrange(_VOCABULARY)}" for _ in range(3))
            body = {"query": f"{words} {next(numbers)}", "settings": {"method": method}}
            return self.product.request(
                "POST",
                f"/v1/knowledge/{self.knowledge_id}/retrieve",
                body,
                {"Authorization": f"Bearer {self.key}"},
            )

        before = cpu_seconds(self.product.api_pid)
        load: Load = uvloop.run(
            closed_loop(self.product.address, request, callers=_CALLERS, seconds=seconds)
        )
        cpu = cpu_seconds(self.product.api_pid) - before
        if load.refused:
            raise RuntimeError(f"{method}: {dict(load.refused)} {load.sample[:300]!r}")
        return load, cpu / max(1, next(numbers) - 1)


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


def _wait(client: httpx.Client, knowledge_id: str, segments: int) -> None:
    until = time.monotonic() + _PATIENCE
    path = f"/v1/knowledge/{knowledge_id}/documents?limit=100"
    while time.monotonic() < until:
        documents: list[dict[str, Any]] = client.get(path).json()["data"]
        states = {each["status"] for each in documents}
        if "failed" in states:
            raise RuntimeError("a document could not be indexed")
        if states == {"completed"}:
            indexed = sum(each["indexed_segments"] for each in documents)
            if indexed != segments:
                raise RuntimeError(f"{indexed} segments in place of {segments}")
            return
        time.sleep(0.5)
    raise TimeoutError("indexing has not ended")


if __name__ == "__main__":
    run_alone(__doc__ or "", measure)
