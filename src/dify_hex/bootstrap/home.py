"""Where data lives unless DIFY_HEX_HOME says otherwise."""

import os
from pathlib import Path


def default_home() -> Path:
    """The system's place for root, the user's own for everyone else."""
    if os.geteuid() == 0:
        return Path("/var/lib/dify-hex")
    return Path.home() / ".local" / "share" / "dify-hex"
