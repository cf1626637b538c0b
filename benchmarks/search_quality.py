"""How well words find: our BM25 beside bm25s, with the same terms, on titles and their sections."""

import json
import math
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.engines.environments import BM25S, Unavailable
from benchmarks.figures import Figure
from benchmarks.search_data import KnownItem, Terms
from benchmarks.search_stage import LIMIT, SearchStage
from dify_hex.adapters.text_analysis.analyser import WordAnalyser

_PER_DOCUMENT = 100
_NEAR_ENOUGH = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """nDCG@10 of both; None where bm25s could not be had, and then `reason` says why."""

    items: int
    ours: float
    theirs: float | None
    #: The share of bm25s' ten best that are among our ten.
    overlap: float | None
    reason: str = ""

    def figures(self) -> Iterator[Figure]:
        """As a report tells it."""
        of = f"{self.items:,} titles of documentation, each with one section"
        yield Figure(name="full text nDCG@10", value=self.ours, unit="", note=of)
        if self.theirs is None:
            yield Figure(name="bm25s nDCG@10", value=math.nan, unit="", note=self.reason)
            return
        note = f"the ten best overlap by {100 * (self.overlap or 0):.1f} %"
        yield Figure(name="bm25s nDCG@10", value=self.theirs, unit="", note=note)
        apart = abs(self.ours - self.theirs)
        yield Figure(name="apart", value=apart, unit="", target=_NEAR_ENOUGH)


async def word_quality(stage: SearchStage, items: Sequence[KnownItem]) -> Quality:
    """Put sections in, hundreds of them, and look for each by its title."""
    analyser = WordAnalyser()
    sections = [list(terms) for terms in await analyser.terms([each.section for each in items])]
    titles = [list(terms) for terms in await analyser.terms([each.title for each in items])]
    await stage.add_documents(len(items) // _PER_DOCUMENT, _PER_DOCUMENT)
    await stage.put_words(sections)
    places = {segment_id: place for place, segment_id in enumerate(stage.segments)}
    ours = [[places[found.segment_id] for found in await stage.by_words(terms)] for terms in titles]
    try:
        theirs = _bm25s(sections, titles)
    except Unavailable as error:
        return Quality(
            items=len(items), ours=_ndcg(ours), theirs=None, overlap=None, reason=str(error)
        )
    shared = [
        len(set(one) & set(other)) / max(len(other), 1)
        for one, other in zip(ours, theirs, strict=True)
    ]
    return Quality(
        items=len(items),
        ours=_ndcg(ours),
        theirs=_ndcg(theirs),
        overlap=sum(shared) / len(shared),
    )


def _ndcg(rankings: Sequence[Sequence[int]]) -> float:
    """With one relevant place for each question: that of its own number."""
    gains = [
        1 / math.log2(ranking.index(place) + 2) if place in ranking else 0.0
        for place, ranking in enumerate(rankings)
    ]
    return sum(gains) / len(gains)


def _bm25s(corpus: Sequence[Terms], questions: Sequence[Terms]) -> list[list[int]]:
    given = json.dumps({"corpus": corpus, "questions": questions, "limit": LIMIT})
    done = subprocess.run(
        [str(BM25S.interpreter()), "-m", "benchmarks.engines.bm25s_ranking"],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"bm25s: {done.stderr.strip()[-300:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return [
        [place for place, score in zip(found, scores, strict=True) if score > 0]
        for found, scores in zip(answer["found"], answer["scores"], strict=True)
    ]
