"""What every vector index promises, whatever store it is on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from math import cos, pi, sin
from random import Random

import pytest

from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    MetadataFilter,
    VectorEntry,
    VectorIndex,
    VectorQuery,
)
from dify_hex.application.knowledge.ports import Vector
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.metadata import MetadataValue
from dify_hex.domain.knowledge.segment_errors import MetadataFilterInvalid, VectorDimensionMismatch
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId


class VectorIndexStage(ABC):
    """Somewhere with a Knowledge, documents in it, and the index."""

    def __init__(self) -> None:
        self.knowledge_id = KnowledgeId(new_id())

    @abstractmethod
    async def document(
        self, metadata: Mapping[str, MetadataValue] | None = None, *, is_enabled: bool = True
    ) -> DocumentId:
        """A new document of the Knowledge."""

    @abstractmethod
    async def disable(self, document_id: DocumentId) -> None:
        """Let searches not find the document."""

    @abstractmethod
    def index(self) -> AbstractAsyncContextManager[VectorIndex]:
        """The index, in a unit of work that is committed at its end."""

    async def segments(self, document_id: DocumentId, number: int) -> list[SegmentId]:
        """New segments of the document; a store that knows of none only needs ids."""
        return [SegmentId(new_id()) for _ in range(number)]

    async def put(self, document_id: DocumentId, *vectors: Vector) -> list[SegmentId]:
        """Keep vectors of new segments of the document."""
        ids = await self.segments(document_id, len(vectors))
        entries = [
            VectorEntry(segment_id=segment_id, document_id=document_id, vector=vector)
            for segment_id, vector in zip(ids, vectors, strict=True)
        ]
        async with self.index() as index:
            await index.put(self.knowledge_id, entries)
        return [entry.segment_id for entry in entries]

    async def found(
        self, vector: Vector, *, limit: int = 10, filter: DocumentFilter | None = None
    ) -> list[SegmentId]:
        """What a search finds, in its order."""
        return [segment_id for segment_id, _ in await self.scores(vector, limit, filter)]

    async def scores(
        self, vector: Vector, limit: int = 10, filter: DocumentFilter | None = None
    ) -> list[tuple[SegmentId, float]]:
        """The same with the scores."""
        query = VectorQuery(
            knowledge_id=self.knowledge_id,
            vector=vector,
            limit=limit,
            filter=filter or DocumentFilter(),
        )
        async with self.index() as index:
            return [(each.segment_id, each.score) for each in await index.search(query)]


def where(*conditions: tuple[str, str, object], any_condition: bool = False) -> DocumentFilter:
    """A filter by metadata."""
    return DocumentFilter(
        conditions=tuple(
            MetadataFilter(name=name, operator=operator, value=value)  # type: ignore[arg-type] # a test writes plain values
            for name, operator, value in conditions
        ),
        any_condition=any_condition,
    )


def at_angle(degrees: float, dimensions: int = 4) -> Vector:
    """A vector of length 1 at an angle to the first axis."""
    radians = degrees * pi / 180
    return (cos(radians), sin(radians), *(0.0,) * (dimensions - 2))


def random_vectors(number: int, dimensions: int, seed: int = 7) -> Sequence[Vector]:
    """Vectors that point anywhere."""
    random = Random(seed)
    return [tuple(random.gauss(0, 1) for _ in range(dimensions)) for _ in range(number)]


class VectorIndexConformance:
    """Subclasses give the fixture `stage`."""

    async def test_the_most_alike_come_first_with_their_cosine(
        self, stage: VectorIndexStage
    ) -> None:
        ids = await stage.put(await stage.document(), *(at_angle(each) for each in (60, 0, 30)))

        found = await stage.scores(at_angle(0))

        assert [segment_id for segment_id, _ in found] == [ids[1], ids[2], ids[0]]
        assert [score for _, score in found] == pytest.approx([1.0, 0.866, 0.5], abs=0.002)

    async def test_what_points_the_other_way_scores_nothing(self, stage: VectorIndexStage) -> None:
        await stage.put(await stage.document(), at_angle(180))
        assert [score for _, score in await stage.scores(at_angle(0))] == pytest.approx([0.0])

    async def test_no_more_than_asked_for_are_found(self, stage: VectorIndexStage) -> None:
        await stage.put(await stage.document(), *(at_angle(each) for each in range(20)))
        assert len(await stage.found(at_angle(0), limit=3)) == 3

    async def test_nothing_is_found_where_nothing_is(self, stage: VectorIndexStage) -> None:
        assert await stage.found(at_angle(0)) == []

    async def test_putting_a_segment_again_takes_the_place_of_its_vector(
        self, stage: VectorIndexStage
    ) -> None:
        document_id = await stage.document()
        [segment_id] = await stage.put(document_id, at_angle(0))
        entry = VectorEntry(segment_id=segment_id, document_id=document_id, vector=at_angle(90))
        async with stage.index() as index:
            await index.put(stage.knowledge_id, [entry, entry])
        [(found, score)] = await stage.scores(at_angle(90))
        assert found == segment_id
        assert score == pytest.approx(1.0)

    async def test_removed_segments_are_not_found(self, stage: VectorIndexStage) -> None:
        first, second = await stage.put(await stage.document(), at_angle(0), at_angle(1))
        async with stage.index() as index:
            await index.remove(stage.knowledge_id, [first])
        assert await stage.found(at_angle(0)) == [second]

    async def test_a_removed_document_takes_its_segments_with_it(
        self, stage: VectorIndexStage
    ) -> None:
        gone, stays = await stage.document(), await stage.document()
        await stage.put(gone, at_angle(0), at_angle(1))
        [left] = await stage.put(stays, at_angle(2))
        async with stage.index() as index:
            await index.remove_document(stage.knowledge_id, gone)
        assert await stage.found(at_angle(0)) == [left]

    async def test_a_removed_knowledge_finds_nothing_and_can_be_filled_anew(
        self, stage: VectorIndexStage
    ) -> None:
        document_id = await stage.document()
        await stage.put(document_id, at_angle(0))
        async with stage.index() as index:
            await index.remove_knowledge(stage.knowledge_id)
        assert await stage.found(at_angle(0)) == []
        ids = await stage.put(document_id, at_angle(0, dimensions=6))
        assert await stage.found(at_angle(0, dimensions=6)) == ids

    async def test_disabled_segments_and_documents_are_not_found(
        self, stage: VectorIndexStage
    ) -> None:
        off, on = await stage.document(), await stage.document()
        await stage.put(off, at_angle(0))
        disabled, left = await stage.put(on, at_angle(1), at_angle(2))
        await stage.disable(off)
        async with stage.index() as index:
            await index.set_enabled(stage.knowledge_id, [disabled], False)
        assert await stage.found(at_angle(0)) == [left]
        async with stage.index() as index:
            await index.set_enabled(stage.knowledge_id, [disabled], True)
        assert await stage.found(at_angle(0)) == [disabled, left]

    async def test_a_filter_names_documents(self, stage: VectorIndexStage) -> None:
        first, second = await stage.document(), await stage.document()
        await stage.put(first, at_angle(0))
        ids = await stage.put(second, at_angle(50))
        only = DocumentFilter(document_ids=(second,))
        assert await stage.found(at_angle(0), filter=only) == ids
        await stage.disable(second)
        assert await stage.found(at_angle(0), filter=only) == []

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (("author", "is", "Ann"), {"ann"}),
            (("author", "is not", "Ann"), {"bob", "date", "nobody"}),
            (("author", "contains", "n"), {"ann"}),
            (("author", "in", ["Ann", "Bob"]), {"ann", "bob"}),
            (("year", "=", 2024), {"ann"}),
            (("year", "is", 20240101.0), {"date"}),
            (("year", "is", "20240101"), {"date"}),
            (("year", "in", [20240101, 2025.5]), {"bob", "date"}),
            (("year", "in", "2024, 20240101"), {"ann", "date"}),
            (("year", ">", 2024), {"bob", "date"}),
            (("seen", "before", "2025-06-01T00:00:00Z"), {"ann"}),
            (("author", "empty", None), {"date", "nobody"}),
        ],
    )
    async def test_a_filter_asks_for_metadata(
        self,
        stage: VectorIndexStage,
        condition: tuple[str, str, object],
        expected: set[str],
    ) -> None:
        metadata: Mapping[str, Mapping[str, MetadataValue]] = {
            "ann": {"author": "Ann", "year": 2024, "seen": "2025-01-01T00:00:00Z"},
            "bob": {"author": "Bob", "year": 2025.5, "seen": "2025-12-01T00:00:00Z"},
            "date": {"year": 20240101.0},
            "nobody": {},
        }
        names: dict[SegmentId, str] = {}
        for name, values in metadata.items():
            [segment_id] = await stage.put(await stage.document(values), at_angle(len(names)))
            names[segment_id] = name
        found = await stage.found(at_angle(0), filter=where(condition))
        assert {names[segment_id] for segment_id in found} == expected

    async def test_conditions_hold_all_together_or_any_of_them(
        self, stage: VectorIndexStage
    ) -> None:
        [first] = await stage.put(await stage.document({"a": "x", "b": "y"}), at_angle(0))
        [second] = await stage.put(await stage.document({"a": "x"}), at_angle(1))
        both = (("a", "is", "x"), ("b", "is", "y"))
        assert await stage.found(at_angle(0), filter=where(*both)) == [first]
        either = where(*both, any_condition=True)
        assert await stage.found(at_angle(0), filter=either) == [first, second]

    async def test_an_operator_that_nobody_knows_is_refused(self, stage: VectorIndexStage) -> None:
        await stage.put(await stage.document(), at_angle(0))
        with pytest.raises(MetadataFilterInvalid):
            await stage.found(at_angle(0), filter=where(("a", "resembles", "x")))

    async def test_vectors_of_another_length_are_refused_and_find_nothing(
        self, stage: VectorIndexStage
    ) -> None:
        document_id = await stage.document()
        await stage.put(document_id, at_angle(0))
        with pytest.raises(VectorDimensionMismatch):
            await stage.put(document_id, at_angle(0, dimensions=8))
        assert await stage.found(at_angle(0, dimensions=8)) == []

    @pytest.mark.parametrize("dimensions", [384, 512, 700, 1024, 1536, 3072, 5000])
    async def test_vectors_may_be_of_any_usual_length(
        self, stage: VectorIndexStage, dimensions: int
    ) -> None:
        vectors = random_vectors(12, dimensions)
        ids = await stage.put(await stage.document(), *vectors)
        assert await stage.found(vectors[5], limit=1) == [ids[5]]

    async def test_another_knowledge_has_its_own(self, stage: VectorIndexStage) -> None:
        document_id = await stage.document()
        await stage.put(document_id, at_angle(0))
        stage.knowledge_id = KnowledgeId(new_id())
        assert await stage.found(at_angle(0)) == []
