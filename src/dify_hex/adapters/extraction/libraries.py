"""Where the library that draws PDF unpacks itself to: a folder that nobody else can write into.

It would load whatever lies under a fixed name in the system's temporary folder, where every user of
the machine may put something. So it is told another folder, which is made once, checked each time,
and readable for the child that runs as nobody.
"""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from dify_hex.adapters.extraction.command import command, environment
from dify_hex.domain.knowledge.reading_errors import DocumentReaderUnavailable

_LIBRARY = Path("kreuzberg-pdfium", "libpdfium.so")
_NAME = "dify-hex-reader"
_SECONDS = 60.0
_WRITABLE_BY_OTHERS = 0o022


class NativeLibraries:
    """The folder, shared by all our processes of this user; it has eight megabytes."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(tempfile.gettempdir())
        self._making = asyncio.Lock()
        self._folder: Path | None = None

    async def folder(self) -> Path:
        """A folder in which the library lies that was installed, unchanged.

        Raises:
            DocumentReaderUnavailable: it cannot be made.
        """
        async with self._making:
            folder = self._folder or self._parent / f"{_NAME}-{os.geteuid()}-{version('kreuzberg')}"
            if not _is_ours(folder):
                folder = await self._make(folder)
            self._folder = folder
            return folder

    async def _make(self, wanted: Path) -> Path:
        try:
            made = await asyncio.to_thread(_new_folder, self._parent)
            process = await asyncio.create_subprocess_exec(
                *command("unpack"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment(made),
                cwd="/",
                start_new_session=True,
                umask=0o022,
            )
            try:
                async with asyncio.timeout(_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        except OSError as error:
            raise DocumentReaderUnavailable from error
        if not _is_ours(made):
            shutil.rmtree(made, ignore_errors=True)
            raise DocumentReaderUnavailable
        return _moved(made, wanted)


def _new_folder(parent: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{_NAME}-", dir=parent))
    folder.chmod(0o755)
    return folder


def _moved(made: Path, wanted: Path) -> Path:
    """The folder under the name by which others of our processes find it, where that is free."""
    try:
        made.rename(wanted)
    except OSError:
        if not _is_ours(wanted):
            return made
        shutil.rmtree(made, ignore_errors=True)
    return wanted


def _is_ours(folder: Path) -> bool:
    return (
        _is_safe(folder, stat.S_ISDIR)
        and _is_safe(folder / _LIBRARY.parent, stat.S_ISDIR)
        and _is_safe(folder / _LIBRARY, stat.S_ISREG)
    )


def _is_safe(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        entry = path.lstat()
    except OSError:
        return False
    mode = entry.st_mode
    return is_kind(mode) and entry.st_uid == os.geteuid() and not mode & _WRITABLE_BY_OTHERS
