"""The process that `up` forks API and worker from: what both need is in memory once."""

import socket
import sys
from importlib import import_module

from dify_hex.adapters.embedded.zygote import Zygote, load_apart
from dify_hex.bootstrap.memory import trim

_COMMAND = "dify_hex.bootstrap.service_command"


def main() -> int:
    """Fork until nobody asks any more; in each child, serve."""
    control = socket.socket(fileno=int(sys.argv[1].partition("=")[2]))
    load_apart(_load)
    trim()
    role = Zygote(control).serve()
    return 0 if role is None else int(import_module(_COMMAND).serve(role))


def _load() -> None:
    # Not at the top, as everything is to be loaded in the same place.
    for module, _ in import_module(_COMMAND).SERVICES.values():
        import_module(module)


if __name__ == "__main__":
    sys.exit(main())
