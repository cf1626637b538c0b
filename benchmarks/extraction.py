"""Reading documents: pages and rows a second, and what 200 MB of text take."""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Report, run_alone
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.reader import IsolatedDocumentReader
from dify_hex.domain.knowledge.block import Block
from tests.builders import documents

_ROOT = Path(__file__).resolve().parents[1]
_MEGABYTE = 1_000_000


def measure(options: argparse.Namespace) -> Report:
    """Each document by a child of its own, as the product reads it; the text by another process."""
    quick = bool(options.quick)
    figures = asyncio.run(_documents(quick))
    with TemporaryDirectory(dir="/var/tmp") as folder:
        figures += _text(Path(folder, "long.md"), 20 if quick else 200)
    return Report(title="Documents read, one child process for each", figures=figures)


async def _documents(quick: bool) -> list[Figure]:
    reader = IsolatedDocumentReader(ReadingLimits())
    prose = list(islice(paragraphs(), 400))
    pages = ["\n\n".join(islice(cycle(prose), page, page + 6)) for page in range(51)]
    files = {
        "report.pdf": documents.pdf([_latin(page) for page in pages]),
        "sales.xlsx": documents.workbook(2_000 if quick else 20_000),
    }
    starts = [await _seconds(reader, "small.docx", documents.word()) for _ in range(5 + 5 * quick)]
    pdf = await _seconds(reader, "report.pdf", files["report.pdf"])
    sheet = await _seconds(reader, "sales.xlsx", files["sales.xlsx"])
    return [
        Figure(
            name="a DOCX of one page, start of the process included",
            value=1000 * median(starts),
            unit="ms",
            note=f"at best {1000 * min(starts):.0f} ms",
        ),
        Figure(name="PDF", value=51 / pdf, unit="pages/s", note=f"51 pages in {pdf:.2f} s"),
        Figure(
            name="XLSX",
            value=(2_000 if quick else 20_000) / sheet,
            unit="rows/s",
            note=f"in {sheet:.2f} s",
        ),
    ]


async def _seconds(reader: IsolatedDocumentReader, name: str, content: bytes) -> float:
    begun = time.monotonic()
    blocks: list[Block] = []
    async for batch in reader.read(documents.source(name, content)):
        blocks += batch
    assert blocks
    return time.monotonic() - begun


def _text(path: Path, megabytes: int) -> list[Figure]:
    written = _write(path, megabytes * _MEGABYTE)
    found = json.loads(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.extraction_worker", str(path)],
            cwd=_ROOT,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )
    size = written / _MEGABYTE
    return [
        Figure(name="text, read", value=size / found["reading"], unit="MB/s"),
        Figure(
            name="text, read and cut",
            value=size / found["cutting"],
            unit="MB/s",
            target=5.0,
            sense="least",
            note=f"{found['segments']:,.0f} segments of {size:.0f} MB, "
            f"{found['segments'] / found['cutting']:,.0f}/s; "
            f"{size / found['cpu']:.1f} MB a second of CPU",
        ),
        Figure(
            name="memory of the worker meanwhile, at the most",
            value=found["peak"] / (1 << 20),
            unit="MB",
            target=400.0,
        ),
        Figure(name="event loop held up, at the most", value=1000 * found["late"], unit="ms"),
    ]


def _write(path: Path, size: int) -> int:
    """English prose and Chinese, no paragraph like another."""
    written = 0
    with path.open("wb") as file:
        for number, paragraph in enumerate(cycle(list(paragraphs()))):
            line = f"{paragraph}\n\n" if number % 9 else f"## {number}\n\n{documents.CHINESE}\n\n"
            written += file.write(line.replace("the", f"the {number}", 1).encode())
            if written >= size:
                return written
    return written


def paragraphs() -> Iterator[str]:
    """Prose out of our own documents."""
    for page in sorted((_ROOT / "docs").rglob("*.md")):
        for paragraph in page.read_text("utf-8").split("\n\n"):
            if len(paragraph) > 80 and not paragraph.startswith(("|", "```", "#")):
                yield paragraph


def _latin(text: str) -> str:
    return text.encode("latin-1", "ignore").decode("latin-1")


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
