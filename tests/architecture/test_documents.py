"""What the documents point at exists: files, tests, commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.source_files import functions_of, read
from tests.architecture.planting import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STATEMENTS = 25


def links(document: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if "://" not in target and not target.startswith("#"):
            yield target.split("#")[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert [link for link in links(document) if not (document.parent / link).exists()] == []


def test_every_statement_about_runs_is_there_in_order() -> None:
    text = (ROOT / "docs/runs.md").read_text("utf-8")

    numbers = [int(number) for number in re.findall(r"^\*\*(\d+)\. ", text, re.MULTILINE)]

    assert numbers == list(range(1, STATEMENTS + 1))


def test_every_test_that_a_document_names_exists() -> None:
    defined = {function.name for file in read(ROOT) for function in functions_of(file.tree)}
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"`(test_\w+)`", document.read_text("utf-8"))
    }

    assert named - defined == set()


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE)
    }

    assert named - targets == set()
