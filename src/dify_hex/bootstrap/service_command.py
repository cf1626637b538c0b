"""`dify-hex api` and `dify-hex worker`: one service in this process, set up by the environment."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from pydantic import ValidationError

from dify_hex.bootstrap.endpoints import NotConfigured
from dify_hex.bootstrap.memory import start_again_giving_memory_back

#: The module that serves, and what it does. Only the wanted one is loaded.
SERVICES: Mapping[str, tuple[str, str]] = {
    "api": ("dify_hex.bootstrap.http", "Serve the API until told to stop."),
    "worker": ("dify_hex.bootstrap.worker", "Run background work until told to stop."),
}
_EPILOG = "Everything is set by environment variables; README.md lists them."


def main(role: str, arguments: Sequence[str]) -> int:
    """Serve until told to stop; 1 when the environment does not say what is needed."""
    _, description = SERVICES[role]
    parser = argparse.ArgumentParser(
        prog=f"dify-hex {role}", description=description, epilog=_EPILOG
    )
    parser.parse_args(arguments)
    if role == "api":
        start_again_giving_memory_back()
    return serve(role)


def serve(role: str) -> int:
    """The same in a process that is set up already."""
    module, _ = SERVICES[role]
    try:
        import_module(module).main()
    except NotConfigured as error:
        sys.stderr.write(f"dify-hex {role}: {error}\n")
        return 1
    except ValidationError as error:
        sys.stderr.write(f"dify-hex {role}: {bad_settings(error)}\n")
        return 1
    return 0


def bad_settings(error: ValidationError) -> str:
    """Which settings are wrong and how; the values stay out, as some are secrets."""
    faults = [
        f"  {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]
    return "\n".join(["settings that cannot be meant:", *faults])
