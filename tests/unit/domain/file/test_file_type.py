"""Content, name and declaration together decide what a file is."""

import pytest

from dify_hex.domain.file.errors import FileEmpty, FileTypeUnsupported
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.file.media_types import BY_EXTENSION, EXTENSION_OF, known_name
from dify_hex.domain.file.names import FileName
from dify_hex.domain.shared.values.file_reference import FileKind
from tests.builders.file import PNG

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
PDF, ZIP, TEXT, PROGRAM = b"%PDF-1.7", b"PK\x03\x04", b"Hello.", b"\x7fELF\x02\x01\x01\x00"
WEBM, BINARY = b"\x1a\x45\xdf\xa3", b"\x00\x01\x02"


def decide(head: bytes, name: str, declared: str | None = None) -> FileType:
    return FileType.decide(head, FileName.parse(name), declared)


@pytest.mark.parametrize(
    ("head", "name", "kind", "media_type", "extension"),
    [
        (PNG, "a.png", "image", "image/png", "png"),
        (PNG, "a", "image", "image/png", "png"),
        (PNG, "a.unheard", "image", "image/png", "unheard"),
        (SVG, "a.svg", "image", "image/svg+xml", "svg"),
        (SVG, "a", "image", "image/svg+xml", "svg"),
        (SVG, "a.txt", "document", "text/plain", "txt"),
        (PDF, "a.pdf", "document", "application/pdf", "pdf"),
        (TEXT, "a.md", "document", "text/markdown", "md"),
        (TEXT, "a.csv", "document", "text/csv", "csv"),
        (TEXT, "a.json", "custom", "application/json", "json"),
        (TEXT, "a.py", "custom", "text/plain", "py"),
        (TEXT, "README", "document", "text/plain", "txt"),
        (BINARY, "a.bin", "custom", "application/octet-stream", "bin"),
        (BINARY, "a", "custom", "application/octet-stream", ""),
        (BINARY, "a.mp3", "audio", "audio/mpeg", "mp3"),
        (PROGRAM, "a.bin", "custom", "application/x-executable", "bin"),
        (WEBM, "a.webm", "video", "video/webm", "webm"),
        (WEBM, "a.weba", "audio", "audio/webm", "weba"),
    ],
)
def test_what_agrees_gives_a_type(
    head: bytes, name: str, kind: str, media_type: str, extension: str
) -> None:
    expected = FileType(kind=FileKind(kind), media_type=media_type, extension=extension)

    assert decide(head, name) == expected


def test_an_office_document_is_known_by_its_extension() -> None:
    assert decide(ZIP, "a.docx").media_type.endswith("wordprocessingml.document")
    assert decide(ZIP, "a.zip").media_type == "application/zip"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PROGRAM, "photo.png"),
        (TEXT, "photo.png"),
        (PNG, "plan.pdf"),
        (PDF, "photo.jpg"),
        (PROGRAM, "notes.txt"),
        (TEXT, "plan.docx"),
        (b"<html><script>", "photo.svg"),
        (SVG, "photo.png"),
        (ZIP, "data.json"),
    ],
)
def test_content_that_is_not_what_the_extension_says_is_refused(head: bytes, name: str) -> None:
    with pytest.raises(FileTypeUnsupported) as refused:
        decide(head, name)

    assert refused.value.details["extension"] == name.rpartition(".")[2]


@pytest.mark.parametrize("name", ["photo.png", "notes.txt", "README"])
def test_nothing_is_no_file(name: str) -> None:
    with pytest.raises(FileEmpty):
        decide(b"", name)


@pytest.mark.parametrize(
    "declared",
    [
        None,
        "",
        "nonsense",
        "application/octet-stream",
        "image/png",
        "IMAGE/PNG; q=1",
        "image/x-png",
        "text/plain",
    ],
)
def test_a_declaration_that_says_little_is_not_held_against_a_file(declared: str | None) -> None:
    assert decide(PNG, "a.png", declared).media_type == "image/png"


@pytest.mark.parametrize(
    ("head", "name", "declared"),
    [(PDF, "a", "image/png"), (PNG, "a.png", "audio/mpeg"), (TEXT, "a.txt", "video/mp4")],
)
def test_a_declaration_that_contradicts_the_content_is_refused(
    head: bytes, name: str, declared: str
) -> None:
    with pytest.raises(FileTypeUnsupported):
        decide(head, name, declared)


def test_a_recording_without_pictures_may_come_in_a_container_of_films() -> None:
    assert decide(WEBM, "blob.webm", "audio/webm").media_type == "video/webm"


def test_an_unknown_binary_may_be_what_it_is_said_to_be() -> None:
    assert decide(BINARY, "a.heif2", "image/heif2").kind is FileKind.CUSTOM


@pytest.mark.parametrize(
    ("head", "name", "shown"),
    [
        (PNG, "a.png", True),
        (PDF, "a.pdf", True),
        (TEXT, "a.txt", True),
        (SVG, "a.svg", False),
        (b"<html>", "a.html", False),
        (b"<?xml version='1.0'?><a/>", "a.xml", False),
        (TEXT, "a.md", False),
        (BINARY, "a.bin", False),
    ],
)
def test_only_what_runs_nothing_is_shown_in_place(head: bytes, name: str, shown: bool) -> None:
    assert decide(head, name).is_shown_in_place is shown


def test_every_known_type_is_found_by_its_name() -> None:
    for extension, known in BY_EXTENSION.items():
        found = known_name(known.name)
        assert found is not None, extension
        assert found.name == known.name
        assert EXTENSION_OF[known.name] in BY_EXTENSION
    assert known_name("application/unheard-of") is None
