"""A bare copy of the package's folders, to plant violations in and run the tools on."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a tool ended and what it said."""

    code: int
    text: str


def bare_copy(folder: Path) -> Path:
    """Makes the package's folders with empty modules, beside the tools' real configuration."""
    for package in (ROOT / "src/dify_hex").rglob("__init__.py"):
        write(folder, str(package.relative_to(ROOT)), "")
    for tool_file in (ROOT / "pyproject.toml", *(ROOT / "scripts").glob("*.py")):
        write(folder, str(tool_file.relative_to(ROOT)), tool_file.read_text("utf-8"))
    return folder


def write(folder: Path, path: str, text: str) -> None:
    """Writes a file and the packages above it."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    for parent in file.parents:
        if parent.name in {"src", folder.name} or "src" not in parent.parts:
            break
        (parent / "__init__.py").touch()


def run(tool: str, *arguments: str, folder: Path, text: str | None = None) -> Outcome:
    """Runs a tool of this environment in a folder, with that folder's package first on the path."""
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}:{folder}", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(TOOLS / tool), *arguments],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Outcome(code=done.returncode, text=done.stdout + done.stderr)
