"""A Python that another user can start, with all that ours can import."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from dify_hex.adapters.embedded.service_user import ServiceUser


def interpreter_for(user: ServiceUser | None) -> str:
    """Our own interpreter, or one on the system's where ours lies in a closed home."""
    ours = sys.executable
    return ours if user is None or user.first_closed(Path(ours)) is None else _on_the_systems()


@cache
def _on_the_systems() -> str:
    """An environment of the system's Python that finds what is installed in ours."""
    place = Path(tempfile.mkdtemp(prefix="dify-hex-python-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", place], check=True)
    folders = [path for path in sys.path if "site-" in path]
    folders.append(os.fspath(Path(__file__).parents[2] / "src"))
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text("\n".join(folders))
    return os.fspath(place / "bin" / "python")
