"""Has the library unpack its native part, once, on a file of our own."""

from contextlib import suppress

from dify_hex.adapters.extraction.host.library import blocks_by_library
from dify_hex.adapters.extraction.host.refusal import Refusal


def main() -> None:
    """It unpacks whatever it needs before it sees that this is no document."""
    with suppress(Refusal):
        list(blocks_by_library(b"%PDF-1.4\n", "pdf"))
