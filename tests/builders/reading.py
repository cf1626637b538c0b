"""What a reader makes of a document, in forms that tests compare."""

from collections.abc import Sequence

from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.knowledge.block import Block


async def read(reader: DocumentReader, file: DocumentSource) -> list[Block]:
    return [block async for batch in reader.read(file) for block in batch]


def shapes(blocks: Sequence[Block]) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, block.text) for block in blocks]


def texts(blocks: Sequence[Block]) -> str:
    return "\n".join(block.text for block in blocks)
