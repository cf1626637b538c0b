"""Reads documents with kreuzberg, and puts what it finds into blocks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import kreuzberg

from dify_hex.adapters.extraction.host.grids import Grid, is_prose, rows_of
from dify_hex.adapters.extraction.host.markup import readable
from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.text.splitters import ParagraphSplitter
from dify_hex.adapters.extraction.text.tables import TableWriter
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UnreadableReason

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "epub": "application/epub+zip",
    "rtf": "application/rtf",
    "html": "text/html",
}
#: Of the text that stands on a page, the structure may miss at most so much.
_COMPLETE = 0.9
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
#: A line that ends or begins with a Chinese or Japanese character goes on without a space.
_CJK = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_BETWEEN_CJK = re.compile(rf"(?<={_CJK})\n|\n(?={_CJK})")

Node = Mapping[str, Any]


def blocks_by_library(content: bytes, kind: str) -> Iterator[Block]:
    """The blocks of a document of the kind.

    The library starts threads, which walls that are raised later would leave out.

    Raises:
        Refusal: it is encrypted or damaged.
    """
    try:
        result = kreuzberg.extract_bytes_sync(content, MEDIA_TYPES[kind], _configuration())
    except kreuzberg.KreuzbergError as error:
        raise Refusal(_reason(str(error))) from None
    nodes: Sequence[Node] = result.document["nodes"] if result.document else ()
    if kind == "pdf":
        yield from _by_page(nodes, result.pages or ())
    else:
        yield from _blocks(nodes)
        if not nodes:
            yield from _paragraphs(result.content, None)


def blocks_of_page(html: str) -> Iterator[Block]:
    """The blocks of a page of the web.

    Raises:
        Refusal: it is damaged.
    """
    yield from blocks_by_library(readable(html).encode("utf-8", "replace"), "html")


def _configuration() -> kreuzberg.ExtractionConfig:
    return kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        include_document_structure=True,
        # Only for this one it looks for headings in a PDF.
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
        # What it takes for running heads are the titles of chapters as well.
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True,
            include_footers=True,
            strip_repeating_text=False,
            include_watermarks=True,
        ),
        pdf_options=kreuzberg.PdfConfig(
            extract_metadata=False,
            hierarchy=kreuzberg.HierarchyConfig(enabled=True),
            top_margin_fraction=0.0,
            bottom_margin_fraction=0.0,
        ),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )


def _reason(message: str) -> UnreadableReason:
    if "password" in message.lower() or "encrypted" in message.lower():
        return UnreadableReason.ENCRYPTED
    return UnreadableReason.BROKEN


def _by_page(nodes: Sequence[Node], pages: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """The structure of each page, or its bare text where the structure leaves something out."""
    of_page: dict[int, list[Block]] = {}
    misread: set[int] = set()
    page = 1
    for node in nodes:
        page = node.get("page") or page
        of_page.setdefault(page, []).extend(_block_of(node, page))
        if is_prose(node["content"].get("grid")):
            misread.add(page)
    for raw in pages:
        number = int(raw["page_number"])
        found = of_page.pop(number, [])
        text = str(raw["content"]).replace("\r\n", "\n")
        is_complete = _solid(block.text for block in found) >= _COMPLETE * _solid([text])
        if is_complete and number not in misread:
            yield from found
        else:
            yield from _paragraphs(text, number)
    for left in of_page.values():
        yield from left


def _solid(texts: Iterator[str] | list[str]) -> int:
    return sum(len("".join(text.split())) for text in texts)


def _paragraphs(text: str, page: int | None) -> Iterator[Block]:
    splitter = ParagraphSplitter()
    for block in [*splitter.feed(text), *splitter.finish()]:
        yield Block(kind=block.kind, text=_unwrapped(block.text), page=page)


def _blocks(nodes: Sequence[Node]) -> Iterator[Block]:
    for node in nodes:
        yield from _block_of(node, None)


def _block_of(node: Node, page: int | None) -> Iterator[Block]:
    content: Mapping[str, Any] = node["content"]
    kind, text = content["node_type"], str(content.get("text") or "")
    if kind == "table":
        yield from _table(content.get("grid") or {}, page)
    elif kind in {"heading", "title"}:
        level = content.get("level") or 1
        yield Block(kind=BlockKind.HEADING, text=text, page=page, level=min(max(level, 1), 6))
    elif kind == "list_item":
        yield Block(kind=BlockKind.LIST, text=f"- {text}", page=page)
    elif kind == "code":
        yield Block(kind=BlockKind.CODE, text=text, page=page)
    elif kind == "image":
        yield from _paragraph(str(content.get("description") or ""), page)
    elif kind == "metadata_block":
        entries = (f"{name}: {value}" for name, value in content.get("entries") or ())
        yield from _paragraph("\n".join(entries), page)
    elif kind != "group":
        yield from _paragraph(_unwrapped(text) if page else text, page)


def _paragraph(text: str, page: int | None) -> Iterator[Block]:
    if text:
        yield Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def _unwrapped(text: str) -> str:
    """A paragraph whose lines end where the page did, in one line."""
    text = _BROKEN_WORD.sub("", text.replace("\r\n", "\n"))
    return _BETWEEN_CJK.sub("", text).replace("\n", " ")


def _table(grid: Grid, page: int | None) -> Iterator[Block]:
    writer = TableWriter(page)
    for row in rows_of(grid):
        yield from writer.add(row)
    yield from writer.finish()
