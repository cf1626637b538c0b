"""A reader of documents for tests of what is done with their text."""

from collections.abc import AsyncGenerator, Sequence

from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import DocumentEncrypted


class LineReader(DocumentReader):
    """Takes every line for a paragraph, one that begins with a number sign for a heading."""

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        content = b"".join([piece async for piece in await source.open()]).decode()
        if content == "locked":
            raise DocumentEncrypted
        for line in content.splitlines():
            text = line.removeprefix("# ")
            is_heading = text != line
            kind = BlockKind.HEADING if is_heading else BlockKind.PARAGRAPH
            yield [Block(kind=kind, text=text, level=int(is_heading))]
