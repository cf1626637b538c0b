"""Writes blocks as one Markdown text."""

from dify_hex.domain.knowledge.block import Block, BlockKind


def as_markdown(block: Block) -> str:
    """One block; code is fenced so that nothing in it can end the fence."""
    match block.kind:
        case BlockKind.HEADING:
            return f"{'#' * min(max(block.level, 1), 6)} {block.text}"
        case BlockKind.CODE:
            fence = "```"
            while fence in block.text:
                fence += "`"
            return f"{fence}\n{block.text.strip(chr(10))}\n{fence}"
        case _:
            return block.text.strip()


def separator(before: Block, after: Block) -> str:
    """What stands between two blocks: items of a list follow line by line."""
    both_items = before.kind is BlockKind.LIST and after.kind is BlockKind.LIST
    return "\n" if both_items else "\n\n"
