"""Where no documents can be read."""

from collections.abc import AsyncGenerator, Sequence

from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.reading_errors import DocumentReaderUnavailable


class NoDocumentReader(DocumentReader):
    """Reads nothing."""

    def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        """Nothing.

        Raises:
            DocumentReaderUnavailable: always.
        """
        raise DocumentReaderUnavailable(name=source.name)
