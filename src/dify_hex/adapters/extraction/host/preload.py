"""Loads what Python loads at first use: behind the walls no file can be opened any more."""

import codecs
from contextlib import suppress

from dify_hex.adapters.extraction.formats import Format
from dify_hex.adapters.extraction.host.mail import mail
from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.text.encoding import CANDIDATES, decoded

#: What pages, mails and packed files say they are written in, beside what is guessed.
_ALWAYS = ("ascii", "latin-1", "cp437", "utf-8")
_DECLARED = (
    *("utf-7", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gbk", "gb2312", "hz"),
    *("big5hkscs", "euc_kr", "iso2022_jp", "shift_jis", "tis-620", "raw-unicode-escape"),
    *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(f"cp125{page}" for page in range(9)),
)
_MAIL = "Subject: =?gbk?B?1tDOxA==?=\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nFrom: a@b.c\n\nx\n"
_TEXTUAL = frozenset({Format.HTML, Format.MAIL, Format.NOTEBOOK})


def preload(kind: Format) -> None:
    """The decoders and parsers that a file of the kind may need, by having them work once."""
    for name in _ALWAYS:
        codecs.lookup(name)
    if kind not in _TEXTUAL:
        return
    for name in (*CANDIDATES, *_DECLARED):
        codecs.lookup(name)
    # Long enough that statistics are asked.
    decoded("今天天气很好，我们去公园散步。".encode("gb18030") * 9)
    with suppress(Refusal):
        list(mail(_MAIL.encode()))
