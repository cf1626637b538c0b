"""How a child process of the reader is started."""

import os
import sys
from pathlib import Path

_SOURCES = Path(__file__).resolve().parents[3]


def command(module: str) -> tuple[str, ...]:
    """The command that runs `main` of a module of the host, and nothing from the environment."""
    start = (
        f"import sys; sys.path.insert(0, {os.fspath(_SOURCES)!r}); sys.dont_write_bytecode = True; "
        f"from dify_hex.adapters.extraction.host.{module} import main; main()"
    )
    return (sys.executable, "-I", "-c", start)


def environment(temporary: Path | None) -> dict[str, str]:
    """All that a child is told by its environment: nothing of our own is in it."""
    # Each heap would reserve address space.
    variables = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    return variables | ({"TMPDIR": os.fspath(temporary)} if temporary else {})
