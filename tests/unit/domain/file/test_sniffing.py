"""Files are known by what they begin with."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dify_hex.domain.file.sniffing import BINARY, HTML, PROGRAM, SVG, TEXT, XML, ZIP, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"RIFF\x00\x00\x00\x00NOPE", BINARY),
        (b"II*\x00\x08", "image/tiff"),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36", "image/bmp"),
        (b"BM is how my diary begins", TEXT),
        (b"\x00\x00\x01\x00\x01\x00\x10\x10", "image/x-icon"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x01", "video/webm"),
        (b"\x00\x00\x01\xba\x44", "video/mpeg"),
        (b"ID3\x03\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xfb\xf0\x00", BINARY),
        (b"OggS\x00", "audio/ogg"),
        (b"fLaC\x00", "audio/flac"),
        (b"#!AMR\n", "audio/amr"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04\x14\x00", ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"\x7fELF\x02", PROGRAM),
        (b"MZ\x90\x00\x03", PROGRAM),
        (b"MZ is a comic", TEXT),
        (b"\x00asm\x01", PROGRAM),
        (b"\x00\x01\x02\x03", BINARY),
        (b"Hello.", TEXT),
        (b"", TEXT),
        ("Grüße aus Köln".encode("latin-1"), TEXT),
        ("你好".encode("gb18030"), TEXT),
        ("\ufeffHello".encode(), TEXT),
        ("Hello".encode("utf-16"), TEXT),
        ("<html>".encode("utf-16"), HTML),
        (b"<!DOCTYPE html><p>", HTML),
        (b"  \n<HTML><body>", HTML),
        (b"<!-- hidden --><script>alert(1)</script>", HTML),
        (b"<b/>", HTML),
        (b"<p", TEXT),
        (b"<book>", TEXT),
        (b"<?xml version='1.0'?><book/>", XML),
        (b"<?xml version='1.0'?>\n<!-- c --><svg xmlns='x'>", SVG),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg onload='x'>", SVG),
        (b"<svg:svg xmlns:svg='x'>", SVG),
        (b"<?xml version='1.0'?><!DOCTYPE html><html>", HTML),
        (b"Look: <script>", TEXT),
    ],
)
def test_the_first_bytes_tell(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@given(st.binary(max_size=6000))
@example(b"<!doctype " + b" " * 4000)
@example(b"<!--" * 1000)
@example(b"<!doctype[" + b"] " * 2000)
def test_whatever_the_bytes_there_is_an_answer_at_once(head: bytes) -> None:
    assert "/" in sniff(head)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_what_holds_a_nul_is_never_text(before: bytes, after: bytes) -> None:
    assert sniff(b"Hello " + before + b"\0" + after) not in {TEXT, HTML, XML, SVG}
