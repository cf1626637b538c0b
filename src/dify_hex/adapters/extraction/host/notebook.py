"""Reads notebooks: texts, code, and what the code has printed."""

import json
from collections.abc import Iterator, Mapping

from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.text.encoding import decoded
from dify_hex.adapters.extraction.text.markdown import MarkdownSplitter
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UnreadableReason


def notebook(content: bytes) -> Iterator[Block]:
    """The cells in order.

    Raises:
        Refusal: it is none.
    """
    try:
        root = json.loads(decoded(content))
        cells = root["cells"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise Refusal(UnreadableReason.BROKEN) from None
    if not isinstance(cells, list):
        raise Refusal(UnreadableReason.BROKEN)
    for cell in cells:
        if isinstance(cell, Mapping):
            yield from _cell(cell)


def _cell(cell: Mapping[str, object]) -> Iterator[Block]:
    text = _joined(cell.get("source"))
    if cell.get("cell_type") != "code":
        splitter = MarkdownSplitter()
        yield from splitter.feed(text)
        yield from splitter.finish()
        return
    yield Block(kind=BlockKind.CODE, text=text)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, Mapping):
            yield Block(kind=BlockKind.CODE, text=_output(output))


def _output(output: Mapping[str, object]) -> str:
    data = output.get("data")
    printed = data.get("text/plain") if isinstance(data, Mapping) else output.get("text")
    return _joined(printed)


def _joined(lines: object) -> str:
    if isinstance(lines, list):
        return "".join(map(str, lines))
    return lines if isinstance(lines, str) else ""
