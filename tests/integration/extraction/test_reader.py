"""Real files of every format are read, and hostile ones harm nothing but themselves."""

from collections.abc import Callable

import pytest

from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.reader import IsolatedDocumentReader
from dify_hex.domain.knowledge.block import BlockKind
from dify_hex.domain.knowledge.reading_errors import (
    DocumentBroken,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentExpands,
    DocumentFormatUnsupported,
    DocumentNestedTooDeeply,
    DocumentNotItsType,
    DocumentUnreadable,
    DocumentWithoutText,
)
from tests.builders import documents
from tests.builders.documents import CHINESE, source
from tests.builders.reading import read, shapes, texts


@pytest.fixture
def reader() -> IsolatedDocumentReader:
    return IsolatedDocumentReader(ReadingLimits())


class TestFormats:
    async def test_pdf_has_pages_and_headings(self, reader: IsolatedDocumentReader) -> None:
        content = documents.pdf([f"{documents.PROSE} The needle is {page}." for page in (1, 2, 3)])

        blocks = await read(reader, source("report.pdf", content))

        assert [(block.kind.value, block.page, block.text) for block in blocks] == [
            shape
            for page in (1, 2, 3)
            for shape in (
                ("heading", page, f"Chapter {page}"),
                ("paragraph", page, f"{documents.PROSE} The needle is {page}."),
            )
        ]

    async def test_justified_text_is_not_taken_for_a_table(
        self, reader: IsolatedDocumentReader
    ) -> None:
        content = documents.pdf(["The needle of page one. " * 9])

        blocks = await read(reader, source("report.pdf", content))

        assert all(block.kind is BlockKind.PARAGRAPH for block in blocks)
        assert texts(blocks).count("The needle of page one.") == 9

    async def test_word_has_headings_and_tables(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("report.docx", documents.word()))

        assert shapes(blocks) == [
            ("heading", 1, "Annual report"),
            ("paragraph", 0, "Revenue grew by a tenth."),
            ("heading", 2, "Costs 成本"),
            ("paragraph", 0, CHINESE),
            ("table", 0, "| City | Rent |\n| --- | --- |\n| 北京 | 12 \\| 13 |"),
            ("paragraph", 0, "first item"),
        ]

    async def test_slides_are_pages(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("deck.pptx", documents.presentation()))

        assert [(block.kind.value, block.page, block.text) for block in blocks] == [
            ("heading", 1, "Opening 开场"),
            ("paragraph", 1, "Welcome\nAgenda"),
            ("paragraph", 1, "Remember to smile."),
            ("heading", 2, "Figures"),
            ("table", 2, "| Year | Sum |\n| --- | --- |\n| 2025 | 42 |"),
        ]

    async def test_sheets_are_tables_under_their_names(
        self, reader: IsolatedDocumentReader
    ) -> None:
        blocks = await read(reader, source("sales.xlsx", documents.workbook(2000)))

        assert (blocks[0].kind, blocks[0].text) == (BlockKind.HEADING, "Sales 销售")
        tables = [block.text for block in blocks if block.kind is BlockKind.TABLE]
        assert all(table.startswith("| City | Amount |\n| --- |") for table in tables[:-1])
        assert sum(table.count("| city-") for table in tables) == 2000
        assert tables[-1] == "| Rent | 100 |\n| --- | --- |"

    async def test_open_documents(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("text.odt", documents.open_document()))

        assert shapes(blocks) == [
            ("heading", 1, "Open"),
            ("paragraph", 0, "Free text."),
            ("heading", 2, "Inner"),
            ("paragraph", 0, CHINESE),
        ]

    async def test_books(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("book.epub", documents.book()))

        assert shapes(blocks)[:4] == [
            ("heading", 1, "Chapter One"),
            ("paragraph", 0, "It was a dark night in One."),
            ("heading", 2, "Part One"),
            ("paragraph", 0, CHINESE),
        ]
        assert len(blocks) == 8

    @pytest.mark.parametrize("charset", ["utf-8", "gbk"])
    async def test_mails(self, reader: IsolatedDocumentReader, charset: str) -> None:
        blocks = await read(reader, source("mail.eml", documents.mail(charset=charset)))

        assert (blocks[0].kind, blocks[0].text) == (BlockKind.HEADING, "Quarterly 季度")
        assert "From: ann@example.com" in blocks[1].text
        assert CHINESE in texts(blocks)
        assert blocks[-1].text == "Attachments: q.csv"

    @pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
    async def test_pages(self, reader: IsolatedDocumentReader, charset: str) -> None:
        blocks = await read(reader, source("page.html", documents.page(charset)))

        assert ("heading", 2, "Inner") in shapes(blocks)
        assert ("paragraph", 0, CHINESE) in shapes(blocks)
        assert ("table", 0, "| a | b |\n| --- | --- |\n| 1 | 2 |") in shapes(blocks)
        assert ("code", 0, "if x:\n    y()") in shapes(blocks)
        assert "hidden" not in texts(blocks)

    async def test_no_text_of_a_page_is_lost(self, reader: IsolatedDocumentReader) -> None:
        deep = "".join(f"<div>word{number}" for number in range(300))
        page = f"<html><body>{deep}<p>a<p>b</div>tail <b>bold</b></body></html>"

        blocks = await read(reader, source("page.html", page.encode()))

        wanted = [*(f"word{number}" for number in range(300)), "a", "b", "tail bold"]
        assert [block.text for block in blocks] == wanted

    async def test_notebooks(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("study.ipynb", documents.notebook()))

        assert shapes(blocks) == [
            ("heading", 1, "Study"),
            ("paragraph", 0, CHINESE),
            ("code", 0, "print(6 * 7)"),
            ("code", 0, "42\n"),
            ("code", 0, "done"),
        ]

    async def test_rich_text(self, reader: IsolatedDocumentReader) -> None:
        blocks = await read(reader, source("letter.rtf", documents.rich_text()))

        assert texts(blocks) == "Plain bold 成本.\nSecond."

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.txt", CHINESE.encode("gbk"), ("paragraph", 0, CHINESE)),
            ("a.txt", CHINESE.encode("utf-16"), ("paragraph", 0, CHINESE)),
            ("a.md", f"# {CHINESE}".encode(), ("heading", 1, CHINESE)),
            ("a.csv", b"a,b\r\n1,2", ("table", 0, "| a | b |\n| --- | --- |\n| 1 | 2 |")),
            ("a.tsv", b"a\tb\n1\t2", ("table", 0, "| a | b |\n| --- | --- |\n| 1 | 2 |")),
            ("a.json", b'{"a":"\\u4e2d"}', ("code", 0, '{\n "a": "中"\n}')),
            ("a.yaml", b"a:\n  - b\n", ("code", 0, "a:\n  - b\n")),
            ("a.py", b"def f():\n    pass\n", ("code", 0, "def f():\n    pass\n")),
            ("a.xml", documents.ENTITIES.encode(), ("code", 0, documents.ENTITIES)),
        ],
    )
    async def test_texts(
        self,
        reader: IsolatedDocumentReader,
        name: str,
        content: bytes,
        expected: tuple[str, int, str],
    ) -> None:
        assert shapes(await read(reader, source(name, content))) == [expected]

    async def test_the_content_decides_and_not_the_name(
        self, reader: IsolatedDocumentReader
    ) -> None:
        blocks = await read(reader, source("notes.txt", documents.pdf(["Words of a PDF."])))

        assert "Words of a PDF." in texts(blocks)

    async def test_a_pdf_that_only_forbids_printing_is_read(
        self, reader: IsolatedDocumentReader
    ) -> None:
        blocks = await read(reader, source("a.pdf", documents.pdf(["Open text."], password="")))

        assert "Open text." in texts(blocks)


REFUSED: list[tuple[str, str, Callable[[], bytes], type[DocumentUnreadable]]] = [
    ("empty", "a.txt", lambda: b"", DocumentEmpty),
    ("white space", "a.md", lambda: b" \n\n\t\n", DocumentEmpty),
    ("spaces", "a.txt", lambda: b" " * 20_000, DocumentEmpty),
    ("nothing to be seen", "a.txt", lambda: "\u200b".encode() * 9_000, DocumentEmpty),
    ("a page of nothing", "a.html", lambda: b"<p>&#8203;</p>" * 9, DocumentWithoutText),
    ("scan", "a.pdf", documents.scanned_pdf, DocumentWithoutText),
    ("locked pdf", "a.pdf", lambda: documents.pdf(["x"], password="secret"), DocumentEncrypted),
    ("locked office", "a.docx", documents.protected_office, DocumentEncrypted),
    ("locked archive", "a.docx", documents.locked_archive, DocumentEncrypted),
    (
        "locked odt",
        "a.odt",
        lambda: documents.open_document(manifest="<m:encryption-data/>"),
        DocumentEncrypted,
    ),
    ("old office", "a.doc", documents.old_office, DocumentFormatUnsupported),
    ("picture", "a.txt", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), DocumentFormatUnsupported),
    ("any archive", "a.zip", lambda: documents.packed({"a": "b"}), DocumentFormatUnsupported),
    ("text as pdf", "a.pdf", lambda: b"just text", DocumentNotItsType),
    ("half a docx", "a.docx", lambda: documents.word()[:3000], DocumentBroken),
    ("half a pdf", "a.pdf", lambda: documents.pdf(["x"])[:600], DocumentBroken),
    ("noise", "a.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 50, DocumentBroken),
    ("no notebook", "a.ipynb", lambda: b'{"cells": 7}', DocumentBroken),
    ("deep json", "a.ipynb", lambda: b"[" * 100_000, DocumentBroken),
    ("no mail", "a.eml", lambda: b"\n\njust text", DocumentBroken),
    ("bomb", "a.docx", documents.bomb, DocumentExpands),
    ("lying bomb", "a.docx", documents.lying_bomb, DocumentBroken),
    ("matryoshka", "a.docx", documents.matryoshka, DocumentExpands),
    ("entities docx", "a.docx", lambda: documents.with_entities("docx"), DocumentExpands),
    ("entities pptx", "a.pptx", lambda: documents.with_entities("pptx"), DocumentExpands),
    ("entities xlsx", "a.xlsx", lambda: documents.with_entities("xlsx"), DocumentExpands),
    ("entities odt", "a.odt", lambda: documents.with_entities("odt"), DocumentExpands),
    ("entities epub", "a.epub", lambda: documents.with_entities("epub"), DocumentExpands),
    ("deep book", "a.epub", documents.deep_book, DocumentNestedTooDeeply),
    ("deep page", "a.html", lambda: b"<div>" * 200_000, DocumentWithoutText),
]


@pytest.mark.parametrize(
    ("name", "make", "error"),
    [case[1:] for case in REFUSED],
    ids=[case[0].replace(" ", "-") for case in REFUSED],
)
async def test_a_file_that_cannot_be_read_says_why(
    reader: IsolatedDocumentReader,
    name: str,
    make: Callable[[], bytes],
    error: type[DocumentUnreadable],
) -> None:
    with pytest.raises(error):
        await read(reader, source(name, make()))

    assert "tenth" in texts(await read(reader, source("next.docx", documents.word())))
