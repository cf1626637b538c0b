"""Blocks, settings, and the segments that are cut from them."""

import re
from collections.abc import Sequence

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.segmentation.segmenter import Segmenter
from dify_hex.domain.knowledge.settings import (
    DEFAULT_SEPARATORS,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)


def words(text: str) -> int:
    """Whitespace-separated words, Chinese characters one by one."""
    return len(re.findall(r"[一-鿿。！？；，]|[^\s一-鿿。！？；，]+", text))


def paragraph(text: str, page: int | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def heading(text: str, level: int = 1, page: int | None = None) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level, page=page)


def segments(
    blocks: Sequence[Block], settings: SegmentationSettings, *, batch: int = 3
) -> list[SegmentDraft]:
    segmenter = Segmenter(settings, words)
    made: list[SegmentDraft] = []
    for start in range(0, len(blocks), batch):
        made.extend(segmenter.feed(blocks[start : start + batch]))
    return [*made, *segmenter.finish()]


def general(
    max_tokens: int = 20, overlap: int = 0, separators: tuple[str, ...] = DEFAULT_SEPARATORS
) -> SegmentationSettings:
    return SegmentationSettings(
        max_tokens=max_tokens, overlap_tokens=overlap, separators=separators
    )


def parents(scope: ParentScope, *, max_tokens: int = 40, child: int = 16) -> SegmentationSettings:
    return SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD,
        parent=scope,
        max_tokens=max_tokens,
        child_max_tokens=child,
    )
