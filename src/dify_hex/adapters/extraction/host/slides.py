"""Reads presentations: one page per slide, in the order in which they are shown."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from xml.etree import ElementTree as ET

from dify_hex.adapters.extraction.host.archives import Archive
from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.text.tables import TableWriter
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UnreadableReason

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PRESENTATION = "ppt/presentation.xml"
_TITLES = frozenset({"title", "ctrTitle"})
#: What a master puts on each slide.
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_NOTES = re.compile(r"/notesSlide\d*$")


def slides(archive: Archive) -> Iterator[Block]:
    """Titles as headings, texts, tables, and last the speaker's notes of each slide.

    Raises:
        Refusal: it is damaged.
    """
    relations = _relations(archive, _PRESENTATION)
    root = _parsed(archive, _PRESENTATION)
    for page, entry in enumerate(root.iter(f"{_P}sldId"), 1):
        target, _ = relations.get(entry.get(f"{_R}id", ""), ("", ""))
        if target in archive.names:
            yield from _slide(archive, target, page)


def _slide(archive: Archive, part: str, page: int) -> Iterator[Block]:
    texts = list(_shapes(_parsed(archive, part), page))
    # A title may stand anywhere among the shapes.
    yield from sorted(texts, key=lambda block: block.kind is not BlockKind.HEADING)
    for target, kind in _relations(archive, part).values():
        if _NOTES.search(kind) and target in archive.names:
            yield from _shapes(_parsed(archive, target), page)


def _shapes(root: ET.Element, page: int) -> Iterator[Block]:
    for shape in root.iter():
        if shape.tag == f"{_P}sp":
            yield from _shape(shape, page)
        elif shape.tag == f"{_A}tbl":
            yield from _table(shape, page)


def _shape(shape: ET.Element, page: int) -> Iterator[Block]:
    holder = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    role = "" if holder is None else holder.get("type", "")
    if role in _FURNITURE:
        return
    paragraphs = [_text(paragraph) for paragraph in shape.iter(f"{_A}p")]
    text = "\n".join(filter(None, paragraphs))
    if not text:
        return
    if role in _TITLES:
        yield Block(kind=BlockKind.HEADING, text=text, page=page, level=1)
    else:
        yield Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def _table(table: ET.Element, page: int) -> Iterator[Block]:
    writer = TableWriter(page)
    for row in table.iter(f"{_A}tr"):
        yield from writer.add(
            [" ".join(map(_text, cell.iter(f"{_A}p"))) for cell in row.iter(f"{_A}tc")]
        )
    yield from writer.finish()


def _text(paragraph: ET.Element) -> str:
    parts: list[str] = []
    for run in paragraph.iter():
        if run.tag == f"{_A}t":
            parts.append(run.text or "")
        elif run.tag == f"{_A}br":
            parts.append("\n")
    return "".join(parts).strip()


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """What a part points to: target and kind by id."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels"
    if path not in archive.names:
        return {}
    return {
        relation.get("Id", ""): (
            normpath(join(dirname(part), relation.get("Target", ""))),
            relation.get("Type", ""),
        )
        for relation in _parsed(archive, path)
    }


def _parsed(archive: Archive, part: str) -> ET.Element:
    content = archive.read(part)
    try:
        return ET.fromstring(content)  # noqa: S314 - behind walls, and no entities are declared
    except ET.ParseError:
        raise Refusal(UnreadableReason.BROKEN) from None
