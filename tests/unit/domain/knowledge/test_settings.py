"""Settings of a Knowledge say everything that is wrong with them at once."""

from dataclasses import replace

import pytest

from dify_hex.domain.knowledge.settings import (
    KnowledgeSettings,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings
from tests.builders.knowledge import MODEL

CHILDREN = SegmentationMode.PARENT_CHILD


def paths(settings: SegmentationSettings) -> list[str]:
    return [fault.path for fault in settings.faults("segmentation")]


def test_what_works_has_no_faults() -> None:
    assert list(KnowledgeSettings(embedding=MODEL).faults()) == []


@pytest.mark.parametrize("size", [15, 4001])
def test_a_segment_has_sensible_bounds(size: int) -> None:
    settings = SegmentationSettings(max_tokens=size, overlap_tokens=0)
    assert paths(settings) == ["segmentation.max_tokens"]


@pytest.mark.parametrize("overlap", [-1, 51])
def test_neighbours_share_at_most_half(overlap: int) -> None:
    settings = SegmentationSettings(max_tokens=100, overlap_tokens=overlap)
    assert paths(settings) == ["segmentation.overlap_tokens"]


def test_children_are_no_larger_than_their_parent() -> None:
    larger = SegmentationSettings(mode=CHILDREN, max_tokens=200, child_max_tokens=201)
    assert paths(larger) == ["segmentation.child_max_tokens"]
    whole = replace(larger, parent=ParentScope.FULL_DOCUMENT)
    assert paths(whole) == []


def test_children_do_not_matter_where_there_are_none() -> None:
    assert paths(SegmentationSettings(child_max_tokens=1)) == []


def test_separators_are_few_and_short() -> None:
    assert paths(SegmentationSettings(separators=("",))) == ["segmentation.separators[0]"]
    assert paths(SegmentationSettings(separators=(" ",) * 21)) == ["segmentation.separators"]


def test_all_faults_are_told_together() -> None:
    settings = KnowledgeSettings(
        embedding=ModelConfig(provider=" ", model=""),
        segmentation=SegmentationSettings(max_tokens=1, overlap_tokens=0),
        retrieval=RetrievalSettings(top_k=0),
    )
    assert [fault.path for fault in settings.faults()] == [
        "embedding.provider",
        "embedding.model",
        "segmentation.max_tokens",
        "retrieval.top_k",
    ]
