"""A Python for processes that a test starts as another user, with all that ours can import."""

import os
import sys
from pathlib import Path

from dify_hex.adapters.embedded.service_user import ServiceUser

#: What such a process needs in PYTHONPATH.
IMPORT_PATH = os.pathsep.join(
    (
        os.fspath(Path(__file__).parents[2] / "src"),
        *(path for path in sys.path if "site-" in path),
    )
)


def interpreter_for(user: ServiceUser | None) -> str:
    """Our own interpreter, or the system's where ours lies in a closed home."""
    ours = Path(sys.executable)
    return sys.executable if user is None or user.first_closed(ours) is None else "/usr/bin/python3"
