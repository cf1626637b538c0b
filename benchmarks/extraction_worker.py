"""Reads and cuts one file in a process of its own, and says what that took.

python -m benchmarks.extraction_worker FILE
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.reader import IsolatedDocumentReader
from dify_hex.adapters.openai.token_counter import measure_tokens
from dify_hex.application.knowledge.ports import DocumentSource
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.segmentation.segmenter import Segmenter
from dify_hex.domain.knowledge.settings import SegmentationSettings
from dify_hex.domain.shared.ids import TenantId

_PIECE = 1 << 20
_TICK = 0.005


async def main(path: Path) -> dict[str, float]:
    """Read it, then read and cut it, as a worker does: CPU work in threads."""
    measure_tokens("warm")
    reading = await _timed(path, None)
    late = _Lateness()
    watching = asyncio.create_task(late.watch())
    cutting = await _timed(path, Segmenter(SegmentationSettings(), measure_tokens))
    watching.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return {**reading, **cutting, "late": late.most, "peak": float(peak)}


async def _timed(path: Path, segmenter: Segmenter | None) -> dict[str, float]:
    reader = IsolatedDocumentReader(ReadingLimits())
    source = DocumentSource(
        tenant_id=TenantId(uuid4()),
        name=path.name,
        media_type="",
        size=path.stat().st_size,  # noqa: ASYNC240 - before anything is measured
        open=lambda: _opened(path),
    )
    blocks = segments = 0
    begun, cpu = time.monotonic(), time.process_time()
    async for batch in reader.read(source):
        blocks += len(batch)
        if segmenter is not None:
            segments += await asyncio.to_thread(_cut, segmenter, batch)
    if segmenter is None:
        return {"reading": time.monotonic() - begun, "blocks": float(blocks)}
    segments += sum(1 for _ in segmenter.finish())
    return {
        "cutting": time.monotonic() - begun,
        "cpu": time.process_time() - cpu,
        "segments": float(segments),
    }


def _cut(segmenter: Segmenter, batch: Sequence[Block]) -> int:
    return sum(1 for _ in segmenter.feed(batch))


async def _opened(path: Path) -> AsyncIterator[bytes]:
    return _pieces(path)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        while piece := await asyncio.to_thread(os.read, descriptor, _PIECE):
            yield piece
    finally:
        os.close(descriptor)


class _Lateness:
    """How long the event loop was kept from its other work."""

    def __init__(self) -> None:
        self.most = 0.0

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            begun = time.monotonic()
            await asyncio.sleep(_TICK)
            self.most = max(self.most, time.monotonic() - begun - _TICK)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
