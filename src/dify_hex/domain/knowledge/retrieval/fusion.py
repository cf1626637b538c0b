"""Makes one list of candidates out of several, with scores from 0 to 1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dify_hex.domain.knowledge.retrieval.plan import (
    KnowledgeToSearch,
    RetrievalPlan,
    SearchPart,
)
from dify_hex.domain.shared.ids import KnowledgeId, SegmentId
from dify_hex.domain.shared.values.retrieval_settings import FusionMethod, RetrievalMethod

#: How slowly a reciprocal rank falls; 60 is what the method was published with.
RANK_CONSTANT = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """A segment in a list: a cosine likeness from 0 to 1, or a BM25 score of at least 0."""

    segment_id: SegmentId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateList:
    """What one way of searching has found in one Knowledge, best first."""

    knowledge_id: KnowledgeId
    part: SearchPart
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a segment stands in a list.

    The rank counts from 1 among all Knowledge that can be compared; equal scores have equal ranks.
    `share`, from 0 to 1, is how much the score says: of a BM25 score, which part of the best one
    it is; of a likeness, how far it leads from the lowest in the list to perfect likeness. So a
    list in which everything is about equally alike says next to nothing, and a model that does
    not know the language of the texts gives such lists.
    """

    rank: int
    score: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A segment with its score from 0 to 1, and how it stands in the lists that have it."""

    segment_id: SegmentId
    knowledge_id: KnowledgeId
    score: float
    standings: Mapping[SearchPart, Standing] = field(default_factory=dict)


def fuse(plan: RetrievalPlan, lists: Iterable[CandidateList]) -> tuple[Candidate, ...]:
    """All candidates, best first; which order the lists come in makes no difference.

    What a score means depends on the method of the Knowledge. *Semantic*: the cosine likeness.
    *Full text*: the BM25 score as a share of the best that was found. *Hybrid by reciprocal rank*:
    the weighted sum of 1 / (60 + rank), as a share of what the first of every list would have.
    *Hybrid by weights*: the weighted mean of both shares, 0 where a list does not have the segment.
    (Measured on known items, this finds more with even weights than the better part alone, also
    when the other is poor; reciprocal ranks do not.)
    The weight of the Knowledge scales all of them.

    A list that is not given (since it could not be had) takes no part; an empty one does.
    """
    given = list(lists)
    searched = {each.knowledge_id: each for each in plan.knowledge}
    order = {each.knowledge_id: place for place, each in enumerate(plan.knowledge)}
    asked: dict[KnowledgeId, dict[SearchPart, float]] = {}
    standings: dict[tuple[KnowledgeId, SegmentId], dict[SearchPart, Standing]] = {}
    for each in given:
        weights = searched[each.knowledge_id].parts
        if each.part in weights:
            asked.setdefault(each.knowledge_id, {})[each.part] = weights[each.part]
    for comparable in _comparable(given, searched):
        for knowledge_id, part, hit, standing in _ranked(comparable):
            if part in asked.get(knowledge_id, {}):
                key = knowledge_id, hit.segment_id
                standings.setdefault(key, {})[part] = standing
    candidates = [
        Candidate(
            segment_id=segment_id,
            knowledge_id=knowledge_id,
            score=searched[knowledge_id].weight
            * _score(searched[knowledge_id], asked[knowledge_id], found),
            standings=found,
        )
        for (knowledge_id, segment_id), found in standings.items()
    ]
    return tuple(
        sorted(
            candidates,
            key=lambda each: (
                -each.score,
                min(standing.rank for standing in each.standings.values()),
                order[each.knowledge_id],
                each.segment_id,
            ),
        )
    )


def _comparable(
    lists: Iterable[CandidateList], searched: Mapping[KnowledgeId, KnowledgeToSearch]
) -> Iterable[list[CandidateList]]:
    groups: dict[tuple[SearchPart, str], list[CandidateList]] = {}
    for each in lists:
        semantic = each.part is SearchPart.SEMANTIC
        space = searched[each.knowledge_id].vector_space if semantic else ""
        groups.setdefault((each.part, space), []).append(each)
    return groups.values()


def _ranked(
    lists: Iterable[CandidateList],
) -> Iterable[tuple[KnowledgeId, SearchPart, Hit, Standing]]:
    hits = [(each.knowledge_id, each.part, hit) for each in lists for hit in each.hits]
    hits.sort(key=lambda found: -found[2].score)
    if not hits:
        return
    best, lowest = hits[0][2].score, hits[-1][2].score
    rank, last = 0, None
    for place, (knowledge_id, part, hit) in enumerate(hits, start=1):
        if hit.score != last:
            rank, last = place, hit.score
        share = _share(part, hit.score, best=best, lowest=lowest)
        yield knowledge_id, part, hit, Standing(rank=rank, score=hit.score, share=share)


def _share(part: SearchPart, score: float, *, best: float, lowest: float) -> float:
    if part is SearchPart.SEMANTIC:
        return _unit((score - lowest) / (1 - lowest)) if lowest < 1 else 1.0
    return _unit(score / best) if best > 0 else 0.0


def _score(
    knowledge: KnowledgeToSearch,
    asked: Mapping[SearchPart, float],
    found: Mapping[SearchPart, Standing],
) -> float:
    settings = knowledge.settings
    if settings.method is RetrievalMethod.SEMANTIC:
        return _unit(found[SearchPart.SEMANTIC].score)
    if settings.method is RetrievalMethod.FULL_TEXT:
        return found[SearchPart.FULL_TEXT].share
    if settings.fusion.method is FusionMethod.RECIPROCAL_RANK:
        gained = sum(asked[part] / (RANK_CONSTANT + each.rank) for part, each in found.items())
        return _unit(gained * (RANK_CONSTANT + 1) / sum(asked.values()))
    gained = sum(asked[part] * each.share for part, each in found.items())
    return _unit(gained / sum(asked.values()))


def _unit(score: float) -> float:
    """What rounding, or an index, has let slip over the edge."""
    return min(1.0, max(0.0, score))
