"""Cuts a document into segments while it is read, and holds no more of it than one of them."""

from collections.abc import Iterable, Iterator, Sequence

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft
from dify_hex.domain.knowledge.segmentation.cleaning import clean
from dify_hex.domain.knowledge.segmentation.digests import DigestCounts, content_hash
from dify_hex.domain.knowledge.segmentation.heading_path import (
    MAX_HEADING_LENGTH,
    HeadingPath,
    LoneHeading,
)
from dify_hex.domain.knowledge.segmentation.overlap import overlap
from dify_hex.domain.knowledge.segmentation.packing import Pack, packed
from dify_hex.domain.knowledge.segmentation.splitting import Splitter
from dify_hex.domain.knowledge.segmentation.unit import Measure, Unit
from dify_hex.domain.knowledge.settings import ParentScope, SegmentationMode, SegmentationSettings

#: A parent that is the whole document has at most so many tokens; a longer document has several.
FULL_DOCUMENT_TOKENS = 16_000


class Segmenter:
    """Cuts one document.

    - A heading begins a new segment and is part of the path of all that stands under it; with
      nothing under it, it is a segment of its own. Where the parent is the full document, headings
      are text like any other.
    - Blocks are put together until `max_tokens`. One that does not fit begins a new segment.
    - One that is larger is cut: a table between rows, its head repeated; code at empty lines and at
      lines; all else at the separators of the settings, then at paragraphs, lines, sentences,
      clauses, words, and between characters when there is nothing else.
    - Neighbours under one heading share their last sentences, up to `overlap_tokens`; tables, code,
      and segments with children do not.
    - Children are cut in the same way out of their parent, and never reach over its end.

    The outcome follows from the blocks alone, in whatever batches they come. Memory is that of one
    block and one segment, and some bytes for each segment that was made.
    """

    def __init__(self, settings: SegmentationSettings, measure: Measure) -> None:
        self._settings = settings
        self._measure = measure
        self._has_children = settings.mode is SegmentationMode.PARENT_CHILD
        self._is_whole = self._has_children and settings.parent is ParentScope.FULL_DOCUMENT
        self._limit = FULL_DOCUMENT_TOKENS if self._is_whole else settings.max_tokens
        self._splitter = Splitter(settings.separators, measure)
        self._path = HeadingPath()
        self._pack = Pack(self._limit)
        self._counts = DigestCounts()
        self._position = 0

    def feed(self, blocks: Iterable[Block]) -> Iterator[SegmentDraft]:
        """The segments that are complete with these blocks; to be iterated to the end."""
        for block in blocks:
            text = clean(block, self._settings.cleaning)
            if not text:
                continue
            if self._begins_section(block, text):
                yield from self._begin_section(block, " ".join(text.split()))
            else:
                yield from self._take(block, text)

    def finish(self) -> Iterator[SegmentDraft]:
        """What is left when the document is at its end."""
        yield from self._flush()
        yield from self._lone_heading(self._path.alone())

    def _begins_section(self, block: Block, text: str) -> bool:
        is_heading = block.kind is BlockKind.HEADING and len(text) <= MAX_HEADING_LENGTH
        return is_heading and not self._is_whole

    def _begin_section(self, block: Block, text: str) -> Iterator[SegmentDraft]:
        yield from self._flush()
        yield from self._lone_heading(self._path.enter(block.level, text, block.page))

    def _take(self, block: Block, text: str) -> Iterator[SegmentDraft]:
        self._path.has_text()
        unit = Unit(text=text, kind=block.kind, tokens=self._measure(text), page=block.page)
        if unit.tokens > self._limit:
            # Its parts belong together more than with what stands before them.
            yield from self._flush(goes_on=True)
        for part in self._splitter.fit(unit, self._limit):
            if not self._pack.takes(part):
                yield from self._flush(goes_on=True)
            if not self._pack.takes(part):
                # What is repeated must not push out what is new.
                self._pack = Pack(self._limit)
            self._pack.add(part)

    def _flush(self, *, goes_on: bool = False) -> Iterator[SegmentDraft]:
        pack, self._pack = self._pack, Pack(self._limit)
        if pack.has_nothing_new:
            return
        if goes_on and not self._has_children:
            shared = overlap(pack.units, self._settings.overlap_tokens, self._measure)
            if shared is not None:
                self._pack.add(shared)
        yield from self._drafts(pack, self._path.texts)

    def _lone_heading(self, heading: LoneHeading | None) -> Iterator[SegmentDraft]:
        if heading is None:
            return
        unit = Unit(
            text=heading.text,
            kind=BlockKind.HEADING,
            tokens=self._measure(heading.text),
            page=heading.page,
        )
        for pack in packed(self._splitter.fit(unit, self._limit), self._limit):
            yield from self._drafts(pack, heading.above)

    def _drafts(self, pack: Pack, headings: tuple[str, ...]) -> Iterator[SegmentDraft]:
        first_page, last_page = pack.pages()
        contents = list(self._contents(pack, self._limit))
        for content, tokens in contents:
            digest = content_hash(content, headings)
            units = pack.units
            if len(contents) > 1:
                units = (Unit(text=content, kind=BlockKind.PARAGRAPH, tokens=tokens),)
            self._position += 1
            yield SegmentDraft(
                position=self._position,
                content=content,
                content_hash=digest,
                occurrence=self._counts.seen(digest),
                tokens=tokens,
                first_page=first_page,
                last_page=last_page,
                headings=headings,
                children=self._children(units, headings) if self._has_children else (),
            )

    def _children(self, units: Sequence[Unit], headings: tuple[str, ...]) -> tuple[ChildDraft, ...]:
        limit = min(self._settings.child_max_tokens, self._limit)
        parts = (part for unit in units for part in self._splitter.fit(unit, limit))
        return tuple(
            ChildDraft(content=content, content_hash=content_hash(content, headings), tokens=tokens)
            for child in packed(parts, limit)
            for content, tokens in self._contents(child, limit)
        )

    def _contents(self, pack: Pack, limit: int) -> Iterator[tuple[str, int]]:
        """The pack's text with its tokens: in parts, where it has more of them than was added up.

        Vocabularies may do that when the ends of two texts meet.
        """
        content = pack.content()
        tokens = self._measure(content)
        if tokens <= limit:
            if content:
                yield content, tokens
            return
        for piece, _ in self._splitter.anywhere(content, limit):
            stripped = piece.strip()
            if stripped:
                yield stripped, self._measure(stripped)
