"""Reads mails: who wrote what to whom, and the names of what was attached."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from dify_hex.adapters.extraction.host.library import blocks_of_page
from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.adapters.extraction.text.encoding import decoded
from dify_hex.adapters.extraction.text.splitters import ParagraphSplitter
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UnreadableReason

_SHOWN = ("From", "To", "Cc", "Date")


def mail(content: bytes) -> Iterator[Block]:
    """The subject as a heading, the addresses, the text (else the page), and the attachments.

    Raises:
        Refusal: it is none.
    """
    message = message_from_bytes(content, policy=policy.default)
    if not message.keys():
        raise Refusal(UnreadableReason.BROKEN)
    subject = _header(message, "Subject")
    if subject:
        yield Block(kind=BlockKind.HEADING, text=subject, level=1)
    head = [f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))]
    if head:
        yield Block(kind=BlockKind.PARAGRAPH, text="\n".join(head))
    yield from _body(message)
    names = [name for part in message.walk() if (name := _attachment(part))]
    if names:
        yield Block(kind=BlockKind.PARAGRAPH, text="Attachments: " + ", ".join(names))


def _body(message: EmailMessage) -> Iterator[Block]:
    body = message.get_body(("plain", "html"))
    if body is None:
        return
    payload = body.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return
    text = decoded(payload, body.get_content_charset() or "")
    if body.get_content_subtype() == "html":
        yield from blocks_of_page(text)
        return
    splitter = ParagraphSplitter()
    yield from splitter.feed(text.replace("\r\n", "\n"))
    yield from splitter.finish()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:  # noqa: BLE001 - the parser of the library stumbles over broken headers
        return ""


def _attachment(part: object) -> str:
    if not isinstance(part, EmailMessage) or part.is_multipart():
        return ""
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001 - as above
        return ""
