"""Real documents, made by the programs' own libraries; and some that nobody should be sent."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from email.message import EmailMessage

import docx
import fpdf
import openpyxl
import pptx
from pptx.util import Inches

from dify_hex.application.knowledge.ports import DocumentSource
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import TenantId

PROSE = (
    "The committee met on Tuesday and went through the accounts of the past year line by line. "
    "Nobody had expected the harbour to bring in more than the railway; it did so by far, "
    "since the old contracts ran out in spring. What remains to be settled is who pays for the "
    "dredging, and whether the lights on the northern pier are to be replaced before winter."
)
CHINESE = "今年的成本下降了百分之三，收入上升。"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"


def source(
    name: str,
    content: bytes,
    media_type: str = "",
    *,
    tenant_id: TenantId | None = None,
    patience: float | None = None,
) -> DocumentSource:
    """A file as the reader is given it, in pieces of 64 KiB."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1 << 16):
            yield content[start : start + (1 << 16)]

    async def opened() -> AsyncIterator[bytes]:
        return pieces()

    return DocumentSource(
        tenant_id=tenant_id or TenantId(new_id()),
        name=name,
        media_type=media_type,
        size=len(content),
        open=opened,
        patience=patience,
    )


def pdf(pages: Sequence[str], *, password: str | None = None, headed: bool = True) -> bytes:
    """A PDF with a heading and a text on each page."""
    document = fpdf.FPDF()
    if password is not None:
        document.set_encryption(owner_password="owner", user_password=password)
    for number, text in enumerate(pages, 1):
        document.add_page()
        if headed:
            document.set_font("Helvetica", "B", 20)
            document.cell(text=f"Chapter {number}", new_x="LMARGIN", new_y="NEXT")
        document.set_font("Helvetica", size=11)
        document.multi_cell(0, text=text)
    return bytes(document.output())


def scanned_pdf() -> bytes:
    """Pages with nothing but a picture."""
    document = fpdf.FPDF()
    document.add_page()
    document.rect(10, 10, 50, 50)
    return bytes(document.output())


def word() -> bytes:
    """Headings, a list, a table with a bar in a cell, and Chinese."""
    document = docx.Document()
    document.add_heading("Annual report", 1)
    document.add_paragraph("Revenue grew by a tenth.")
    document.add_heading("Costs 成本", 2)
    document.add_paragraph(CHINESE)
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("City", "Rent"), ("北京", "12 | 13"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.add_paragraph("first item", style="List Bullet")
    return _saved(document)


def presentation() -> bytes:
    """Two slides with titles, the second one with a table; the first one with speaker's notes."""
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Opening 开场"
    first.placeholders[1].text = "Welcome\nAgenda"
    first.notes_slide.notes_text_frame.text = "Remember to smile."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Figures"
    size = Inches(1)
    table = second.shapes.add_table(2, 2, size, size, size, size).table
    for row, cells in enumerate((("Year", "Sum"), ("2025", "42"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    return _saved(deck)


def workbook(rows: int = 2) -> bytes:
    """Two sheets."""
    book = openpyxl.Workbook()
    sales = book.active
    sales.title = "Sales 销售"
    sales.append(["City", "Amount"])
    for number in range(rows):
        sales.append([f"city-{number}", number])
    book.create_sheet("Costs").append(["Rent", 100])
    return _saved(book)


def packed(parts: Mapping[str, str | bytes], *, stored: Iterable[str] = ("mimetype",)) -> bytes:
    """A zip archive."""
    kept = set(stored)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            kind = zipfile.ZIP_STORED if name in kept else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, kind)
    return buffer.getvalue()


def open_document(*, manifest: str = "") -> bytes:
    """An ODT with two headings."""
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_OPEN}:manifest:1.0">{manifest}'
            '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>',
            "content.xml": f'<?xml version="1.0"?><office:document-content xmlns:office="{_OPEN}:'
            f'office:1.0" xmlns:text="{_OPEN}:text:1.0"><office:body><office:text>'
            '<text:h text:outline-level="1">Open</text:h><text:p>Free text.</text:p>'
            f'<text:h text:outline-level="2">Inner</text:h><text:p>{CHINESE}</text:p>'
            "</office:text></office:body></office:document-content>",
        }
    )


def book() -> bytes:
    """An EPUB with two chapters."""
    chapter = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title>'
        "</head><body><h1>Chapter {0}</h1><p>It was a dark night in {0}.</p><h2>Part {0}</h2>"
        f"<p>{CHINESE}</p></body></html>"
    )
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" xmlns="urn:'
            'oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="c.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "c.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" '
            'version="3.0" unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/'
            '1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>Book</dc:title><dc:language>en'
            '</dc:language></metadata><manifest><item id="a" href="a.xhtml" media-type="application'
            '/xhtml+xml"/><item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>'
            '</manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
            "a.xhtml": chapter.format("One"),
            "b.xhtml": chapter.format("Two"),
        }
    )


def mail(*, charset: str = "utf-8") -> bytes:
    """A mail with a text, the same as a page, and an attachment."""
    message = EmailMessage()
    message["Subject"] = "Quarterly 季度"
    message["From"] = "ann@example.com"
    message["To"] = "bob@example.com"
    message["Date"] = "Mon, 01 Jan 2024 00:00:00 +0000"
    message.set_content(f"Hello Bob,\n\n{CHINESE}\n", charset=charset)
    message.add_alternative("<p>Hello <b>Bob</b></p>", subtype="html")
    message.add_attachment(b"numbers", maintype="text", subtype="csv", filename="q.csv")
    return bytes(message)


def notebook() -> bytes:
    """A text, some code, and what it prints."""
    cells = [
        {"cell_type": "markdown", "source": ["# Study\n", "\n", CHINESE]},
        {
            "cell_type": "code",
            "source": "print(6 * 7)",
            "outputs": [
                {"output_type": "stream", "text": ["42\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "done"}},
            ],
        },
    ]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def page(charset: str = "utf-8") -> bytes:
    """A page with everything that pages have, and what nobody reads."""
    return (
        f'<html><head><meta charset="{charset}"><title>T</title><style>p {{}}</style>'
        "<script>var hidden = 1</script></head><body><h1>Top</h1><p>Some <b>bold</b> text.</p>"
        f"<h2>Inner</h2><p>{CHINESE}</p><ul><li>one</li><li>two</li></ul><table><tr><th>a</th>"
        "<th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre><code>if x:\n    y()</code></pre>"
        "</body></html>"
    ).encode(charset)


def rich_text() -> bytes:
    """RTF with a Chinese word in an old code page."""
    escaped = "".join(f"\\'{byte:02x}" for byte in "成本".encode("gbk"))
    return f"{{\\rtf1\\ansi\\ansicpg936 Plain {{\\b bold}} {escaped}.\\par Second.\\par}}".encode()


# ---------------------------------------------------------------------------------------- hostile

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)


def bomb(megabytes: int = 300) -> bytes:
    """A Word document whose text is nothing but noughts."""
    return packed({"[Content_Types].xml": "<Types/>", "word/document.xml": bytes(megabytes << 20)})


def lying_bomb() -> bytes:
    """The same, with a directory that says it is small."""
    content = bomb(64)
    real = (64 << 20).to_bytes(4, "little")
    return content.replace(real, (100).to_bytes(4, "little"))


def matryoshka() -> bytes:
    """Archives in an archive."""
    inner = packed({"a": bytes(1000)})
    return packed({"word/document.xml": "<x/>"} | {f"{n}.zip": inner for n in range(100)})


def with_entities(kind: str) -> bytes:
    """A document of the kind whose text grows a billionfold when it is believed."""
    bodies = {
        "docx": (word(), "word/document.xml"),
        "pptx": (presentation(), "ppt/slides/slide1.xml"),
        "xlsx": (workbook(), "xl/worksheets/sheet1.xml"),
        "odt": (open_document(), "content.xml"),
        "epub": (book(), "a.xhtml"),
    }
    content, part = bodies[kind]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    _, _, root = text.partition("?>")
    for found in ("Revenue", "Welcome", "City", "Free", "dark"):
        root = root.replace(found, "&j;", 1)
    return packed({**parts, part: ENTITIES + root})


def deep_book() -> bytes:
    """A book with a chapter whose elements stand inside of each other."""
    with zipfile.ZipFile(io.BytesIO(book())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    chapter = "<div>" * 20_000 + "x" + "</div>" * 20_000
    head = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head/><body>'
    return packed({**parts, "a.xhtml": f"{head}{chapter}</body></html>"})


def protected_office() -> bytes:
    """What Office makes of a document with a password: another container around it."""
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    return head + "EncryptedPackage".encode("utf-16-le") + bytes(2000)


def old_office() -> bytes:
    """A file of Word 97."""
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    return head + "WordDocument".encode("utf-16-le") + bytes(2000)


def locked_archive() -> bytes:
    """A Word document in an archive with a password."""
    content = bytearray(word())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(signature)
        while start >= 0:
            content[start + offset] |= 1
            start = content.find(signature, start + 1)
    return bytes(content)


def _saved(document: object) -> bytes:
    buffer = io.BytesIO()
    save = getattr(document, "save")  # noqa: B009 - three libraries, one method
    save(buffer)
    return buffer.getvalue()
