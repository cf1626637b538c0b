"""The stages of a retrieval, each of which leads to the next and to no other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dify_hex.domain.knowledge.retrieval.fusion import Candidate, CandidateList, fuse
from dify_hex.domain.knowledge.retrieval.plan import RetrievalPlan
from dify_hex.domain.shared.ids import KnowledgeId, SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What is given for one or several segments that were found.

    It is the segment itself, or the parent of those that were; its score is the best of theirs.
    """

    segment_id: SegmentId
    knowledge_id: KnowledgeId
    score: float
    found: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Selected:
    """The last stage but one: what is good enough, and the best of that."""

    above_threshold: tuple[Candidate, ...]
    kept: tuple[Candidate, ...]

    def collapse(self, parents: Mapping[SegmentId, SegmentId]) -> tuple[Passage, ...]:
        """Children give way to their parents, best first; the others stand for themselves.

        What `parents` does not name has been removed since it was found, and is left out.
        """
        families: dict[SegmentId, list[Candidate]] = {}
        for each in self.kept:
            parent = parents.get(each.segment_id)
            if parent is not None:
                families.setdefault(parent, []).append(each)
        return tuple(
            Passage(
                segment_id=segment_id,
                knowledge_id=found[0].knowledge_id,
                score=found[0].score,
                found=tuple(found),
            )
            for segment_id, found in families.items()
        )


@dataclass(frozen=True, slots=True)
class Rated:
    """Candidates with the scores that they are shown with, best first."""

    plan: RetrievalPlan
    candidates: tuple[Candidate, ...]

    def select(self) -> Selected:
        """Those that reach the threshold of their Knowledge; of them the best `top_k`."""
        thresholds = {
            each.knowledge_id: each.settings.score_threshold or 0.0 for each in self.plan.knowledge
        }
        above = tuple(
            each for each in self.candidates if each.score >= thresholds[each.knowledge_id]
        )
        return Selected(above, above[: self.plan.top_k])


@dataclass(frozen=True, slots=True)
class Fused:
    """Candidates in the order that the searches give them."""

    plan: RetrievalPlan
    candidates: tuple[Candidate, ...]

    @property
    def to_rerank(self) -> tuple[Candidate, ...]:
        """What a reranker is to read; empty when there is none."""
        return () if self.plan.rerank is None else self.candidates[: self.plan.reranked]

    def as_found(self) -> Rated:
        """Go on in this order."""
        return Rated(self.plan, self.candidates)

    def reranked(self, scores: Mapping[SegmentId, float]) -> Rated:
        """Go on in the order that a reranker gives; what it has not read falls away.

        Its scores, from 0 to 1, take the place of all others; the weight of a Knowledge scales
        them as it did those.
        """
        weights = {each.knowledge_id: each.weight for each in self.plan.knowledge}
        rated = [
            replace(each, score=weights[each.knowledge_id] * scores[each.segment_id])
            for each in self.candidates
            if each.segment_id in scores
        ]
        # Sorting is stable: what the reranker finds equal stays as it was found.
        return Rated(self.plan, tuple(sorted(rated, key=lambda each: -each.score)))


def begin_retrieval(plan: RetrievalPlan, lists: Iterable[CandidateList]) -> Fused:
    """Candidates, then fusion; what is returned goes on to rerank, threshold, top-k and parents."""
    return Fused(plan, fuse(plan, lists))
