"""Folders on the host's own disk, for machines that give a cell no file system of its own."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks at what a cell has written.
_LOOK_EVERY = 0.2


class ScratchFull(Exception):
    """A cell has written more than it may."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The folder in which the cells of one zygote get theirs."""

    folder: Path

    def make(self, uid: int, gid: int) -> None:
        """Make it, for the cells' user alone."""
        self.folder.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            os.chown(self.folder, uid, gid)

    def remove(self) -> None:
        """Remove it with all that cells have left."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def of(self, cell: int) -> Path:
        """The folder of one cell."""
        return self.folder / f"cell-{cell}"

    async def watch(self, cell: int, limit: int) -> None:
        """Look at what a cell writes for as long as it runs.

        Raises:
            ScratchFull: it is more than the limit.
        """
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if await asyncio.to_thread(_size, self.of(cell)) > limit:
                raise ScratchFull

    async def clear(self, cell: int) -> None:
        """Remove a cell's folder once it has ended."""
        await asyncio.to_thread(shutil.rmtree, self.of(cell), ignore_errors=True)


def _size(folder: Path) -> int:
    """What the files take on the disk; one that goes meanwhile counts no more."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - as os.walk speaks
            except OSError:
                continue
    return total
