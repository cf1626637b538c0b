"""An answer's head says whether it is a text or a file, and how it is read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dify_hex.domain.workflow.requests.answer import AnswerHead

URL = "https://a.example/reports/q3%20final.pdf?x=/y"


def head(**headers: str) -> AnswerHead:
    return AnswerHead((name.replace("_", "-"), value) for name, value in headers.items())


def test_headers_of_one_name_are_joined() -> None:
    found = AnswerHead([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "n\x00")]).values

    assert found == {"set-cookie": "a=1, b=2", "x": "n\ufffd"}


@pytest.mark.parametrize(
    "media_type",
    [
        *("text/plain", "text/html; charset=utf-8", "application/json", "application/atom+xml"),
        *("application/problem+json", "application/x-www-form-urlencoded", "multipart/mixed"),
    ],
)
def test_what_is_written_in_characters_is_a_text(media_type: str) -> None:
    assert not head(Content_Type=media_type).is_file


@pytest.mark.parametrize(
    "media_type", ["image/png", "image/svg+xml", "application/pdf", "application/octet-stream"]
)
def test_all_else_is_a_file(media_type: str) -> None:
    assert head(Content_Type=media_type).is_file


def test_an_answer_that_does_not_say_is_a_text() -> None:
    assert not head().is_file
    assert not head(Content_Disposition="inline").is_file


@pytest.mark.parametrize("disposition", ["attachment", 'inline; filename="a.txt"'])
def test_what_is_meant_to_be_kept_is_a_file(disposition: str) -> None:
    assert head(Content_Type="text/plain", Content_Disposition=disposition).is_file


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.txt"', "a b.txt"),
        ("attachment; filename*=UTF-8''%C3%A4.txt", "ä.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\a.txt"', "a.txt"),
        ("attachment", "q3 final.pdf"),
        ('attachment; filename="a\r\n b.txt"', "a b.txt"),
    ],
)
def test_a_file_is_called_as_its_server_says(disposition: str, name: str) -> None:
    assert head(Content_Disposition=disposition).file_name(URL) == name


def test_a_file_without_any_name_is_called_file() -> None:
    assert head().file_name("https://a.example/") == "file"


@pytest.mark.parametrize(
    ("media_type", "body", "text"),
    [
        ("text/plain", "ä".encode(), "ä"),
        ("text/plain; charset=iso-8859-1", "ä".encode("latin-1"), "ä"),
        ("text/plain; charset=gbk", "中".encode("gbk"), "中"),
        ("text/plain; charset=nonsense", "ä".encode(), "ä"),
        ("text/plain; charset=punycode", b"abc", "abc"),
        ("text/plain; charset=hex", b"6162", "6162"),
        ("text/plain", b"a\xffb\x00", "a\ufffdb\ufffd"),
    ],
)
def test_a_text_is_read_in_its_encoding(media_type: str, body: bytes, text: str) -> None:
    assert head(Content_Type=media_type).text(body) == text


_NAMES = "attachment inline filename filename* filename*0 filename*1* name charset charset*"
_SIGNS = "= ; ' \" '' utf-8 utf-8''%c3%a4 bogus'x'%ff %ff %00 text / image json , . *0*= \x00 \xe4"
_SCRAPS = st.sampled_from([*f"{_NAMES} {_SIGNS}".split(), " "])
_LATIN = st.characters(max_codepoint=255)
_VALUES = st.lists(_SCRAPS, max_size=8).map("".join) | st.text(_LATIN, max_size=40)


@example(disposition="", media_type="text/plain; charset=\x00", body=b"")
@given(_VALUES, _VALUES, st.binary(max_size=20))
def test_no_head_is_too_odd_to_be_read(disposition: str, media_type: str, body: bytes) -> None:
    odd = head(Content_Disposition=disposition, Content_Type=media_type)

    assert odd.is_file in {True, False}
    assert "/" not in odd.file_name("https://a.example/")
    assert "\x00" not in odd.text(body)
    assert set(odd.values) == {"content-disposition", "content-type"}
