"""What an answer stands on, in a line each."""

import pytest

from dify_hex.entrypoints.cli.citing import cited


@pytest.mark.parametrize(
    ("pages", "line"),
    [
        ((3, 4), "[1] report.pdf, p. 3\N{EN DASH}4 (0.82)"),
        ((3, 3), "[1] report.pdf, p. 3 (0.82)"),
        ((3, None), "[1] report.pdf, p. 3 (0.82)"),
        ((None, None), "[1] report.pdf (0.82)"),
    ],
)
def test_a_citation_names_document_pages_and_score(
    pages: tuple[int | None, int | None], line: str
) -> None:
    first, last = pages
    citation = {
        "position": 1,
        "document_name": "report.pdf",
        "score": 0.8199,
        "first_page": first,
        "last_page": last,
    }
    assert list(cited([citation])) == [line]


def test_a_name_cannot_command_the_terminal() -> None:
    citation = {"position": 2, "document_name": "a\x1b[2Jb", "score": 1.0}
    assert list(cited([citation])) == ["[2] a\N{REPLACEMENT CHARACTER}[2Jb (1.00)"]
