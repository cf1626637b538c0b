"""The process that reads one document: walls first, then the file, then blocks, then nothing.

It is started with a clean environment, reads the file from its input and writes lines of JSON to
its output. Whatever happens to it happens to this one document.
"""

import json
import os
import sys
from collections.abc import Iterator

from dify_hex.adapters.extraction.formats import Format
from dify_hex.adapters.extraction.host.archives import Archive
from dify_hex.adapters.extraction.host.library import blocks_by_library, blocks_of_page
from dify_hex.adapters.extraction.host.mail import mail
from dify_hex.adapters.extraction.host.notebook import notebook
from dify_hex.adapters.extraction.host.output import BlockWriter
from dify_hex.adapters.extraction.host.preload import preload
from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.host.slides import slides
from dify_hex.adapters.extraction.host.walls import Confinement, confine
from dify_hex.adapters.extraction.text.encoding import decoded
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.reading_errors import UnreadableReason

#: What a protected Office file calls its content, in the container's directory.
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_DECLARED = b"charset="
#: Elements inside of each other: more than any program writes, and so many that the library dies
#: of them when it reads a book.
_UNUSUAL, _DEADLY = 256, 1_000


def main() -> None:
    """Read the document at standard input; how is said by the only argument."""
    told = json.loads(sys.argv[1])
    source, answer = _descriptors()
    # What is loaded lazily has to be there before the walls are.
    kind = Format(told["format"])
    preload(kind)
    confine(Confinement(**told["confinement"]))
    writer = BlockWriter(answer)
    with os.fdopen(source, "rb") as file:
        content = file.read()
    try:
        writer.write(_blocks(content, kind))
        writer.end()
    except Refusal as refusal:
        writer.refuse(refusal.reason)
    except (MemoryError, RecursionError):
        writer.refuse(UnreadableReason.TOO_COMPLEX)
    except Exception:  # noqa: BLE001 - what a parser stumbles over is damaged
        writer.refuse(UnreadableReason.BROKEN)
    os._exit(0)


def _descriptors() -> tuple[int, int]:
    """Input and output, out of the way of what libraries print."""
    source, answer = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return source, answer


def _blocks(content: bytes, kind: Format) -> Iterator[Block]:
    match kind:
        case Format.ARCHIVE:
            yield from _packed(content)
        case Format.OLE:
            protected = _PROTECTED in content
            raise Refusal(UnreadableReason.ENCRYPTED if protected else UnreadableReason.UNSUPPORTED)
        case Format.HTML:
            text = decoded(content, _declared_charset(content))
            yield from blocks_of_page(text)
        case Format.MAIL:
            yield from mail(content)
        case Format.NOTEBOOK:
            yield from notebook(content)
        case _:
            yield from blocks_by_library(content, kind.value)


def _packed(content: bytes) -> Iterator[Block]:
    archive = Archive(content)
    kind = archive.media_type()
    if kind == "epub" and archive.is_deep(_DEADLY):
        raise Refusal(UnreadableReason.NESTED)
    any_text = False
    try:
        for block in slides(archive) if kind == "pptx" else blocks_by_library(content, kind):
            any_text = any_text or not block.text.isspace()
            yield block
    except (Refusal, RecursionError):
        if archive.is_deep(_UNUSUAL):
            raise Refusal(UnreadableReason.NESTED) from None
        raise
    if not any_text and archive.is_deep(_UNUSUAL):
        raise Refusal(UnreadableReason.NESTED)


def _declared_charset(content: bytes) -> str:
    _, found, rest = content[:4096].lower().partition(_DECLARED)
    name = rest.lstrip(b"\"' ")[:40].split(b'"')[0].split(b"'")[0].split(b">")[0].split(b";")[0]
    return name.decode("ascii", "replace").strip(" /") if found else ""
