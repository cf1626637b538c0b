"""Reads a whole document into one text."""

from contextlib import aclosing

from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.markdown import as_markdown, separator
from dify_hex.domain.knowledge.reading_errors import DocumentTextTooLong


async def document_text(reader: DocumentReader, source: DocumentSource, *, limit: int) -> str:
    """The text as Markdown; it has at most `limit` characters.

    Raises:
        DocumentTextTooLong: it has more.
        DocumentUnreadable, DocumentReaderUnavailable: as the reader does.
    """
    parts: list[str] = []
    size = 0
    before: Block | None = None
    async with aclosing(reader.read(source)) as batches:
        async for batch in batches:
            for block in batch:
                parts += [separator(before, block) if before else "", as_markdown(block)]
                size += len(parts[-1]) + len(parts[-2])
                before = block
            if size > limit:
                raise DocumentTextTooLong(limit=limit)
    return "".join(parts)
