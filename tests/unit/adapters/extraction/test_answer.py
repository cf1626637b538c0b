"""What comes from the process with the document is believed only in the form it has to have."""

import json

import pytest

from dify_hex.adapters.extraction.answer import blocks_in
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import DocumentBroken, DocumentEncrypted


def test_blocks_are_read() -> None:
    line = json.dumps({"blocks": [["heading", "Top", 3, 1], ["paragraph", "text", None, 0]]})

    assert blocks_in(line.encode()) == [
        Block(kind=BlockKind.HEADING, text="Top", page=3, level=1),
        Block(kind=BlockKind.PARAGRAPH, text="text"),
    ]


def test_the_end_is_told_from_a_refusal() -> None:
    assert blocks_in(b"{}\n") is None
    with pytest.raises(DocumentEncrypted):
        blocks_in(b'{"refused": "encrypted"}')


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"refused": "no such reason"}',
        b'{"refused": 7}',
        b'{"blocks": {}}',
        b'{"blocks": [[]]}',
        b'{"blocks": [["program", "x", null, 0]]}',
        b'{"blocks": [["paragraph", 7, null, 0]]}',
        b'{"blocks": [["paragraph", "x", 0, 0]]}',
        b'{"blocks": [["paragraph", "x", null, 7]]}',
        b'{"blocks": [["paragraph", "x", "1", 0]]}',
        b'{"more": 1}',
        json.dumps({"blocks": [["paragraph", "x" * 50_000, None, 0]]}).encode(),
    ],
)
def test_anything_else_is_a_damaged_document(line: bytes) -> None:
    with pytest.raises(DocumentBroken):
        blocks_in(line)
