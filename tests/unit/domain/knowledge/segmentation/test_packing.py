"""What one segment is made of."""

from dify_hex.domain.knowledge.block import BlockKind
from dify_hex.domain.knowledge.segmentation.packing import Pack
from dify_hex.domain.knowledge.segmentation.unit import Unit


def unit(text: str, *, repeats: bool = False) -> Unit:
    return Unit(text=text, kind=BlockKind.CODE, tokens=len(text.split()), repeats=repeats)


def test_white_space_after_what_is_repeated_is_nothing_new() -> None:
    pack = Pack(10)
    pack.add(unit("said before", repeats=True))
    pack.add(unit(" "))

    assert pack.has_nothing_new

    pack.add(unit("new"))

    assert not pack.has_nothing_new
