"""What a file may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.file.errors import FileNameInvalid
from dify_hex.domain.file.names import MAX_NAME_LENGTH, FileName, extension_of


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("plan.pdf", "pdf"),
        ("PHOTO.JPG", "jpg"),
        ("archive.tar.gz", "gz"),
        ("README", ""),
        (".profile", ""),
        ("计划.docx", "docx"),
        ("a.b c", ""),
        ("ends with a dot.", ""),
        (f"x.{'y' * 17}", ""),
        ("x.пдф", ""),
    ],
)
def test_the_extension_is_what_comes_after_the_last_dot(name: str, extension: str) -> None:
    assert FileName.parse(name) == FileName(text=name, extension=extension)


def test_a_name_is_kept_in_one_form_and_without_white_space_around_it() -> None:
    assert FileName.parse("  cafe\u0301.txt\n").text == "café.txt"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        ".",
        "..",
        "...",
        "../../etc/passwd",
        "/etc/passwd",
        "a/b.txt",
        "..\\..\\boot.ini",
        "C:\\plan.pdf",
        "\u200b\u200d",
        "\u202e.\u202c.",
        "a\0/b",
        "x" * (MAX_NAME_LENGTH + 1),
    ],
)
def test_a_name_is_no_path_and_hides_nothing(name: str) -> None:
    with pytest.raises(FileNameInvalid):
        FileName.parse(name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("nul\0.txt", "nul.txt"),
        ("line\nfeed.txt", "linefeed.txt"),
        ("bell\a.txt", "bell.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066report\u2069.pdf", "report.pdf"),
        ("\ud800.txt", ".txt"),
        ("line\u2028.txt", "line.txt"),
        ("گزارش\u200cها.pdf", "گزارش\u200cها.pdf"),
        ("👩\u200d🚀.png", "👩\u200d🚀.png"),
    ],
)
def test_what_cannot_be_seen_is_left_out(name: str, kept: str) -> None:
    assert FileName.parse(name).text == kept


@given(st.text(max_size=300))
def test_any_text_is_a_name_that_leads_nowhere_or_none(text: str) -> None:
    try:
        name = FileName.parse(text)
    except FileNameInvalid:
        return
    assert 1 <= len(name.text) <= MAX_NAME_LENGTH
    assert not {"/", "\\", "\0", "\n", "\r", "\u202e"} & set(name.text)
    assert name.extension == extension_of(name.text)
    assert FileName.parse(name.text) == name
