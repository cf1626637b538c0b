"""The text of one document in the object storage, so that its file is read only once."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from dify_hex.application.shared.blob_storage import BlobNotFound, BlobStorage
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TenantId

#: Raised when readers find more, or something else, in the same file.
READING_VERSION = 2
#: Characters of a part: a megabyte or so, and never more than one block beyond.
PART_CHARACTERS = 400_000
_SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSummary:
    """How much text there is; `pages` is the last page, None where the source has none."""

    parts: int
    characters: int
    pages: int | None


def storage_prefix(
    tenant_id: TenantId, knowledge_id: KnowledgeId, document_id: DocumentId | None = None
) -> str:
    """Where texts are kept: those of one document, or of a whole Knowledge."""
    prefix = f"t/{tenant_id}/knowledge/{knowledge_id}"
    return prefix if document_id is None else f"{prefix}/{document_id}"


class ExtractedText:
    """The blocks of one document, in parts; none of them is there for readers until all are.

    The key holds the hash of the file and the version of the reading: another content, or better
    readers, begin from nothing.
    """

    def __init__(self, blobs: BlobStorage, *, prefix: str, sha256: str) -> None:
        self._blobs = blobs
        self._key = f"{prefix}/text-{READING_VERSION}-{sha256}"

    async def summary(self) -> TextSummary | None:
        """How much there is; None until all of it was written."""
        try:
            found = json.loads(await self._blobs.get(f"{self._key}/{_SUMMARY}"))
        except BlobNotFound:
            return None
        return TextSummary(
            parts=found["parts"], characters=found["characters"], pages=found["pages"]
        )

    def writer(self) -> "TextWriter":
        """Writes all of it, in place of what an earlier attempt has left."""
        return TextWriter(self._blobs, self._key)

    async def read(self, summary: TextSummary) -> AsyncIterator[Sequence[Block]]:
        """The blocks in order, part by part."""
        for number in range(summary.parts):
            yield _decoded(await self._blobs.get(f"{self._key}/{number}"))


class TextWriter:
    """Collects blocks into parts."""

    def __init__(self, blobs: BlobStorage, key: str) -> None:
        self._blobs = blobs
        self._key = key
        self._pending: list[Block] = []
        self._pending_characters = 0
        self._parts = 0
        self.characters = 0
        self.pages: int | None = None

    async def write(self, blocks: Iterable[Block]) -> bool:
        """Take blocks in; whether a part went out."""
        went_out = False
        for block in blocks:
            self._pending.append(block)
            self._pending_characters += len(block.text)
            self.characters += len(block.text)
            if block.page is not None:
                self.pages = max(block.page, self.pages or 0)
            if self._pending_characters >= PART_CHARACTERS:
                await self._send()
                went_out = True
        return went_out

    async def finish(self) -> TextSummary:
        """Send what is left; from now on all of it is there."""
        if self._pending:
            await self._send()
        summary = {"parts": self._parts, "characters": self.characters, "pages": self.pages}
        await self._blobs.put(f"{self._key}/{_SUMMARY}", json.dumps(summary).encode())
        return TextSummary(parts=self._parts, characters=self.characters, pages=self.pages)

    async def _send(self) -> None:
        await self._blobs.put(f"{self._key}/{self._parts}", _encoded(self._pending))
        self._parts += 1
        self._pending_characters = 0
        self._pending.clear()


def _encoded(blocks: Iterable[Block]) -> bytes:
    rows = [[block.kind.value, block.text, block.page, block.level] for block in blocks]
    # Half of a surrogate, which some writer may leave in a text, is nothing that UTF-8 can hold.
    return json.dumps(rows, ensure_ascii=False).encode(errors="replace")


def _decoded(part: bytes) -> Sequence[Block]:
    return [
        Block(kind=BlockKind(kind), text=text, page=page, level=level)
        for kind, text, page, level in json.loads(part)
    ]
