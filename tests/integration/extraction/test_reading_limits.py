"""What reading takes up is bounded, and nothing is left of it."""

import asyncio
import os
import signal
from contextlib import aclosing, suppress
from dataclasses import replace

import psutil
import pytest

from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.reader import IsolatedDocumentReader
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.reading_errors import (
    DocumentReadersBusy,
    DocumentReaderUnavailable,
    DocumentTooComplex,
    DocumentTooLarge,
)
from dify_hex.domain.shared.ids import TenantId
from tests.builders import documents
from tests.builders.documents import source
from tests.builders.reading import read, texts

#: In the command of each process that reads.
_READS = "dify_hex.adapters.extraction.host"


@pytest.fixture
def reader() -> IsolatedDocumentReader:
    return IsolatedDocumentReader(ReadingLimits())


class TestLimits:
    async def test_a_file_over_its_limit_is_refused_before_it_is_read(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(streamed_bytes=100, whole_bytes=50))

        for name, content in (("a.txt", b"x" * 101), ("a.html", b"<p>" + b"x" * 51)):
            with pytest.raises(DocumentTooLarge) as caught:
                await read(reader, source(name, content))
            assert caught.value.details["limit_bytes"] in {50, 100}

    async def test_a_file_that_is_larger_than_it_said_is_refused(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(streamed_bytes=100))
        file = source("a.txt", b"x " * 51)
        small = replace(file, size=10)

        with pytest.raises(DocumentTooLarge):
            await read(reader, small)

    async def test_memory_is_bounded(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(child_memory_bytes=160 << 20))

        with pytest.raises(DocumentTooComplex):
            await read(reader, source("a.html", b"<p>text</p>" * 1_000_000))

    async def test_time_is_bounded(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(child_seconds=0.01))

        with pytest.raises(DocumentTooComplex):
            await read(reader, source("a.docx", documents.word()))

    async def test_processor_time_is_bounded(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(child_cpu_seconds=1))

        with pytest.raises(DocumentTooComplex):
            await read(reader, source("a.ipynb", a_slow_notebook()))

    async def test_output_is_bounded(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(output_bytes=100_000))

        with pytest.raises(DocumentTooComplex):
            await read(reader, source("a.html", b"<p>" + b"word " * 100_000))


class TestPlaces:
    async def test_a_tenant_that_keeps_its_places_holds_up_no_other(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(children=2))
        ann = TenantId(new_id())
        slow = source("a.ipynb", a_slow_notebook(), tenant_id=ann)
        reading = asyncio.create_task(read(reader, slow))
        await a_child()

        with pytest.raises(DocumentReadersBusy):
            await read(reader, replace(slow, patience=0.0))
        assert "tenth" in texts(await read(reader, source("b.docx", documents.word())))

        reading.cancel()
        await asyncio.wait({reading})


class TestProcesses:
    async def test_nothing_is_left_when_it_is_read_or_given_up(
        self, reader: IsolatedDocumentReader
    ) -> None:
        await read(reader, source("a.docx", documents.word()))
        batches = reader.read(source("a.html", b"<p>word</p>" * 50_000))
        async with aclosing(batches):
            assert not await anext(batches)
            await anext(batches)
            assert len(children()) == 1

        assert children() == []

    async def test_a_killed_child_fails_this_reading_and_no_other(
        self, reader: IsolatedDocumentReader
    ) -> None:
        reading = asyncio.create_task(read(reader, source("a.ipynb", a_slow_notebook())))
        os.kill((await a_child()).pid, signal.SIGKILL)

        with pytest.raises(DocumentReaderUnavailable):
            await reading
        assert "tenth" in texts(await read(reader, source("next.docx", documents.word())))

    async def test_cancelling_ends_the_child(self, reader: IsolatedDocumentReader) -> None:
        reading = asyncio.create_task(read(reader, source("a.ipynb", a_slow_notebook())))
        await a_child()

        reading.cancel()

        with pytest.raises(asyncio.CancelledError):
            await reading
        assert children() == []

    async def test_only_so_many_run_at_once(self) -> None:
        reader = IsolatedDocumentReader(ReadingLimits(children=1))
        files = [source(f"{number}.docx", documents.word()) for number in range(4)]
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, len(children()))
                await asyncio.sleep(0.005)

        watching = asyncio.create_task(watch())
        read_all = await asyncio.gather(*(read(reader, file) for file in files))
        watching.cancel()

        assert most == 1
        assert all(len(blocks) == 6 for blocks in read_all)


def a_slow_notebook() -> bytes:
    """Megabytes of Markdown, which take the process that reads them some seconds."""
    lines = (
        '"- item of a list that goes on\\n"' + ', "- item of a list that goes on\\n"' * 1_500_000
    )
    return f'{{"cells": [{{"cell_type": "markdown", "source": [{lines}]}}]}}'.encode()


async def a_child() -> psutil.Process:
    while not (running := children()):  # noqa: ASYNC110 - processes announce nothing
        await asyncio.sleep(0.01)
    return running[0]


def children() -> list[psutil.Process]:
    """The processes that read, among all that tests have started."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE and _READS in " ".join(child.cmdline()):
                found.append(child)
    return found
