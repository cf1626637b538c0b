"""Why a document cannot be read."""

from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.errors import InvalidInput, LimitReached, Unavailable


class UnreadableReason(StrEnum):
    """What is in the way, in one word."""

    EMPTY = "empty"
    NO_TEXT = "no_text"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    UNSUPPORTED = "unsupported"
    WRONG_TYPE = "wrong_type"
    TOO_LARGE = "too_large"
    EXPANDS = "expands"
    TOO_COMPLEX = "too_complex"
    NESTED = "nested"


class DocumentUnreadable(InvalidInput):
    """The document cannot be read; reading the same file again will end in the same way."""

    code = "document_unreadable"
    reason: ClassVar[UnreadableReason]


class DocumentEmpty(DocumentUnreadable):
    """There is no text in the file: it is empty, or nothing but white space."""

    code = "document_empty"
    reason = UnreadableReason.EMPTY


class DocumentWithoutText(DocumentUnreadable):
    """The file holds no text, as a scan does; put it through text recognition first."""

    code = "document_without_text"
    reason = UnreadableReason.NO_TEXT


class DocumentEncrypted(DocumentUnreadable):
    """The file is protected with a password; save it without one, and add it again."""

    code = "document_encrypted"
    reason = UnreadableReason.ENCRYPTED


class DocumentBroken(DocumentUnreadable):
    """The file is damaged; open it in the program it is from, save it anew, and add it again."""

    code = "document_broken"
    reason = UnreadableReason.BROKEN


class DocumentFormatUnsupported(DocumentUnreadable):
    """Files of this format are not read here; save it as PDF, DOCX, XLSX, PPTX or text."""

    code = "document_format_unsupported"
    reason = UnreadableReason.UNSUPPORTED


class DocumentNotItsType(DocumentUnreadable):
    """The file is something else than its name says; give it the extension of what it is."""

    code = "document_not_its_type"
    reason = UnreadableReason.WRONG_TYPE


class DocumentTooLarge(DocumentUnreadable):
    """The file is larger than files of its format may be; split it into several."""

    code = "document_too_large"
    reason = UnreadableReason.TOO_LARGE


class DocumentExpands(DocumentUnreadable):
    """The file grows to far more than it should when it is read; save it anew, without archives."""

    code = "document_expands"
    reason = UnreadableReason.EXPANDS


class DocumentTooComplex(DocumentUnreadable):
    """Reading the file took more time or memory than one may take; split it into several."""

    code = "document_too_complex"
    reason = UnreadableReason.TOO_COMPLEX


class DocumentNestedTooDeeply(DocumentUnreadable):
    """The file's elements stand inside of each other too deeply; save it with less structure."""

    code = "document_nested_too_deeply"
    reason = UnreadableReason.NESTED


class DocumentTextTooLong(LimitReached):
    """The documents have more text than can be handed on whole; search them in a Knowledge."""

    code = "document_text_too_long"


class DocumentReaderUnavailable(Unavailable):
    """The document could not be read this time; it is tried again."""

    code = "document_reader_unavailable"


class DocumentReadersBusy(Unavailable):
    """All that read documents are busy with others; try again in some seconds."""

    code = "sys_document_readers_busy"


UNREADABLE: dict[UnreadableReason, type[DocumentUnreadable]] = {
    error.reason: error
    for error in (
        DocumentEmpty,
        DocumentWithoutText,
        DocumentEncrypted,
        DocumentBroken,
        DocumentFormatUnsupported,
        DocumentNotItsType,
        DocumentTooLarge,
        DocumentExpands,
        DocumentTooComplex,
        DocumentNestedTooDeeply,
    )
}
