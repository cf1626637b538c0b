"""A file is what its bytes say, and its name decides where they say nothing."""

import pytest

from dify_hex.adapters.extraction.formats import Format, format_of
from dify_hex.domain.knowledge.reading_errors import DocumentFormatUnsupported, DocumentNotItsType


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"%PDF-1.7", "report.pdf", Format.PDF),
        (b"junk before\n%PDF-1.7", "report.txt", Format.PDF),
        (b"PK\x03\x04rest", "deck.pptx", Format.ARCHIVE),
        (b"PK\x03\x04rest", "notes.md", Format.ARCHIVE),
        (b"{\\rtf1", "letter", Format.RTF),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc", Format.OLE),
        (b"text", "notes.md", Format.MARKDOWN),
        (b"text", "README", Format.PLAIN),
        (b"text", "data.unknown", Format.PLAIN),
        (b"a,b", "data.CSV", Format.CSV),
        (b"import os", "tool.py", Format.CODE),
        (b"<?xml version='1.0'?><a/>", "a.xml", Format.CODE),
        (b"<svg xmlns='x'/>", "drawing", Format.CODE),
        (b"<!doctype html><html>", "page", Format.HTML),
        (b"<!doctype html><html>", "page.txt", Format.PLAIN),
        ("中文".encode("gbk"), "a.txt", Format.PLAIN),
        ("plain words".encode("utf-16-le"), "a.txt", Format.PLAIN),
        ("plain words".encode("utf-16"), "a.txt", Format.PLAIN),
    ],
)
def test_a_format_is_told(head: bytes, name: str, expected: Format) -> None:
    assert format_of(head, name, "") is expected


def test_without_an_extension_the_declared_type_decides_between_texts() -> None:
    assert format_of(b"# head", "notes", "text/markdown; charset=utf-8") is Format.MARKDOWN
    assert format_of(b"Subject: x", "mail", "message/rfc822") is Format.MAIL


@pytest.mark.parametrize("name", ["report.pdf", "letter.docx", "sheet.xlsx", "book.epub", "a.rtf"])
def test_a_name_that_promises_something_else_is_refused(name: str) -> None:
    with pytest.raises(DocumentNotItsType):
        format_of(b"just text", name, "")


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"\x00\x01\x02\x03", b"\x7fELF\x02"])
def test_what_has_no_text_is_refused(head: bytes) -> None:
    with pytest.raises(DocumentFormatUnsupported):
        format_of(head, "file.txt", "text/plain")
