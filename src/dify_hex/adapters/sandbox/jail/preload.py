"""What a zygote imports before it closes itself in: afterwards no native library can be loaded."""

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

#: What code asks for most; the rest of the standard library is read when it is imported.
_FREQUENT = """
abc array ast base64 bisect calendar cmath collections collections.abc contextlib contextvars copy
csv dataclasses datetime decimal difflib enum fractions functools hashlib heapq hmac html
html.parser inspect io itertools json keyword linecache locale math numbers operator os pathlib
pprint random re secrets statistics string struct textwrap time token tokenize traceback types
typing unicodedata urllib.parse uuid zlib zoneinfo
"""
#: Native modules that jailed code has no use for: terminals, and what needs a network.
_UNWANTED: tuple[str, ...] = (
    *("_crypt", "_curses", "_dbm", "_gdbm", "_multiprocessing", "_posixshmem", "_ssl"),
    *("_ctypes_test", "_test", "_tkinter", "_xx", "audioop", "nis", "ossaudio", "readline"),
    *("spwd", "syslog", "termios", "xx"),
)
_OF_PROFILE = {
    "python": (),
    "python-data": ("numpy", "pandas"),
    "javascript": ("_quickjs",),
    "template": (
        "jinja2",
        "jinja2.sandbox",
        "jinja2.ext",
        "jinja2.debug",
        "markupsafe._speedups",
    ),
}
_RUNNER = {
    "python": "python",
    "python-data": "python",
    "javascript": "javascript",
    "template": "template",
}


class NotInstalled(ImportError):
    """A profile's libraries are not there, or cannot be used; the message names the first."""


def preload(profile: str, libraries: Sequence[str]) -> None:
    """Import everything that the profile offers.

    `libraries` are folders beside the standard library where to look.

    Raises:
        NotInstalled: a library that makes the profile is missing.
    """
    _import_all(_FREQUENT.split())
    if profile.startswith("python"):
        _import_all(_native_modules())
    import_module(f"dify_hex.adapters.sandbox.jail.runners.{_RUNNER[profile]}")
    sys.path.extend(libraries)
    for name in _OF_PROFILE[profile]:
        try:
            import_module(name)
        except ImportError as error:
            raise NotInstalled(f"{name}: {error}") from error
    if profile == "python-data":
        for name in _packages_in(libraries):
            _import_all([name])
            _refuse_threads(name)
    else:
        for folder in libraries:
            sys.path.remove(folder)
    sys.path_importer_cache.clear()


def settle() -> None:
    """Keep the collector from touching, and so copying, what every child shares."""
    gc.collect()
    gc.disable()
    gc.freeze()


def _import_all(names: Iterable[str]) -> None:
    for name in names:
        # A Python may be built without some of them; an operator's package may not load at all.
        with suppress(Exception):
            import_module(name)


def _refuse_threads(name: str) -> None:
    """Nothing can be forked from, or closed in, that does several things at once."""
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - fewer imports, less memory
        raise NotInstalled(f"{name} starts a thread when it is imported")


def _native_modules() -> list[str]:
    folders = [Path(entry) for entry in sys.path if entry.endswith("lib-dynload")]
    names = [
        file.name.partition(".")[0]
        for folder in folders
        for file in sorted(folder.glob(f"*{EXTENSION_SUFFIXES[-1]}"))
    ]
    found = [name for name in names if not name.startswith(_UNWANTED)]
    return [name for name in found if find_spec(name) is not None]


def _packages_in(libraries: Sequence[str]) -> list[str]:
    found: list[str] = []
    for folder in libraries:
        for entry in sorted(Path(folder).iterdir()):
            is_package = (entry / "__init__.py").is_file()
            if is_package or entry.suffix == ".py":
                found.append(entry.stem)
    return found
