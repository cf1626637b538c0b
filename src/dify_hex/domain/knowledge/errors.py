"""What can be wrong with a Knowledge, with its documents, and with what is asked of them."""

from collections.abc import Sequence

from dify_hex.domain.shared.errors import Conflict, InvalidInput, LimitReached, NotFound
from dify_hex.domain.shared.values.fault import Fault


class KnowledgeNotFound(NotFound):
    """The Knowledge does not exist."""

    code = "knowledge_not_found"


class KnowledgeNameTaken(Conflict):
    """Another Knowledge has that name already."""

    code = "knowledge_name_exists"


class KnowledgeNameInvalid(InvalidInput):
    """A name is one line of up to 100 characters that can be seen."""

    code = "knowledge_name_invalid"


class KnowledgeSettingsInvalid(InvalidInput):
    """The settings cannot be used before their faults are put right."""

    code = "knowledge_settings_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class MetadataInvalid(InvalidInput):
    """The metadata cannot be used before its faults are put right."""

    code = "metadata_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class DocumentNotFound(NotFound):
    """The document does not exist."""

    code = "document_not_found"


class DocumentNameInvalid(InvalidInput):
    """A document's name is one line of up to 255 characters that can be seen."""

    code = "document_name_invalid"


class DocumentExists(Conflict):
    """The Knowledge has a document with the same content already."""

    code = "document_exists"


class DocumentTextEmpty(InvalidInput):
    """The text is empty."""

    code = "document_text_empty"


class DocumentNotInProgress(Conflict):
    """The document is not being indexed."""

    code = "document_not_in_progress"


class DocumentInProgress(Conflict):
    """The document is being indexed; wait for the end, or cancel it first."""

    code = "document_in_progress"


class DocumentNotPaused(Conflict):
    """The document is not paused."""

    code = "document_not_paused"


class DocumentNotFailed(Conflict):
    """The document has neither failed nor been cancelled."""

    code = "document_not_failed"


class DocumentsFull(LimitReached):
    """The Knowledge has as many documents as it may have."""

    code = "knowledge_documents_full"


class DocumentsRefused(InvalidInput):
    """None of the documents could be added; `refused` says why, one by one."""

    code = "documents_refused"
