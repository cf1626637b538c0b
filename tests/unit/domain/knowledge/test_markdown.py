"""Blocks are written so that they read as what they were."""

import pytest

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.markdown import as_markdown, separator


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (Block(kind=BlockKind.HEADING, text="Top", level=2), "## Top"),
        (Block(kind=BlockKind.PARAGRAPH, text=" text\n"), "text"),
        (Block(kind=BlockKind.CODE, text="\n  x = 1\n"), "```\n  x = 1\n```"),
        (Block(kind=BlockKind.CODE, text="```"), "````\n```\n````"),
    ],
)
def test_a_block_is_written_as_markdown(block: Block, text: str) -> None:
    assert as_markdown(block) == text


def test_items_follow_line_by_line() -> None:
    item = Block(kind=BlockKind.LIST, text="- a")
    text = Block(kind=BlockKind.PARAGRAPH, text="a")

    assert (separator(item, item), separator(item, text), separator(text, text)) == (
        "\n",
        "\n\n",
        "\n\n",
    )
