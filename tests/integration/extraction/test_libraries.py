"""The native library is loaded from a folder that nobody else could have put it into."""

import os
import stat
from pathlib import Path

from dify_hex.adapters.extraction.libraries import NativeLibraries


async def test_the_folder_is_made_once_and_shared(tmp_path: Path) -> None:
    made = await NativeLibraries(tmp_path).folder()
    again = await NativeLibraries(tmp_path).folder()

    library = made / "kreuzberg-pdfium" / "libpdfium.so"
    assert again == made
    assert [made] == names_in(tmp_path)
    assert stat.S_IMODE(made.stat().st_mode) == 0o755
    assert library.stat().st_uid == os.geteuid()


async def test_what_lies_there_and_can_be_written_by_others_is_not_used(tmp_path: Path) -> None:
    made = await NativeLibraries(tmp_path).folder()
    made.chmod(0o777)

    other = await NativeLibraries(tmp_path).folder()

    assert other != made
    assert stat.S_IMODE(other.stat().st_mode) == 0o755


async def test_what_was_swept_away_is_made_again(tmp_path: Path) -> None:
    libraries = NativeLibraries(tmp_path)
    made = await libraries.folder()
    (made / "kreuzberg-pdfium" / "libpdfium.so").unlink()

    again = await libraries.folder()

    assert (again / "kreuzberg-pdfium" / "libpdfium.so").exists()


def names_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())
