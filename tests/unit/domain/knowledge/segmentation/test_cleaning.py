"""What nobody looks for is taken out before a text is cut."""

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.settings import CleaningRules, SegmentationSettings
from tests.builders.segmentation import general, paragraph, segments


def test_white_space_is_collapsed_but_not_in_code() -> None:
    blocks = [
        paragraph("a \t b\u3000c \n\n\n\n d\r\ne"),
        Block(kind=BlockKind.CODE, text="if x:\n    y  = 1"),
    ]

    assert segments(blocks, general())[0].content == "a b c\n\nd\ne\n\nif x:\n    y  = 1"


def test_white_space_may_stay() -> None:
    settings = SegmentationSettings(cleaning=CleaningRules(collapse_whitespace=False))

    assert segments([paragraph("a  b")], settings)[0].content == "a  b"


def test_addresses_can_be_left_out() -> None:
    settings = SegmentationSettings(cleaning=CleaningRules(remove_urls_and_emails=True))
    text = "See https://example.com/a?b=1中文 or WWW.example.org, ask ann.b@example.co.uk now"

    assert segments([paragraph(text)], settings)[0].content == "See 中文 or ask now"


def test_what_cannot_be_seen_always_goes() -> None:
    assert segments([paragraph("a\x00b\ufeff\x1fc\ud800")], general())[0].content == "abc"


def test_a_block_of_nothing_is_nothing() -> None:
    assert segments([paragraph(" \x00\n")], general()) == []
