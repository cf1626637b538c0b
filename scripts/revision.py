"""Writes an empty migration after the newest one: `make revision name=add_something`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from dify_hex.bootstrap.migrate import write_revision
from dify_hex.bootstrap.schema import head_revision


def main(arguments: Sequence[str]) -> int:
    """Names the migration by today and by what it does; answers how the process should end."""
    if len(arguments) != 1 or not arguments[0].isidentifier():
        print("say what it does, in snake case: make revision name=add_something", file=sys.stderr)
        return 2
    write_revision(arguments[0].lower(), f"{datetime.now(UTC):%Y%m%d}", head_revision())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
