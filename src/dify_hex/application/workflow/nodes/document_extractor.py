"""Executes the document-extractor node: the texts of files of the run."""

from collections.abc import AsyncGenerator, AsyncIterator

from dify_hex.application.knowledge.document_text import document_text
from dify_hex.application.knowledge.ports import DocumentSource
from dify_hex.application.workflow.file_contents import OpenedFile
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.run_files import RunFiles
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.document_extractor import DocumentExtractorConfig

#: Bytes of one file, and characters of all texts together: what one node may put out is twice that.
MAX_FILE_BYTES = 50 << 20
MAX_CHARACTERS = 5_000_000


class DocumentExtractorExecutor(NodeExecutor[DocumentExtractorConfig]):
    """Puts out the text of each file as Markdown; the reader is the one that Knowledge has."""

    def __init__(self, services: NodeServices) -> None:
        self._reader = services.reader
        self._contents = services.file_contents
        self._generated = services.generated_files

    async def execute(
        self, config: DocumentExtractorConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """The text, or the texts in the order of the files; an empty list has none.

        Raises:
            VariableMissing: there is no file.
            DocumentUnreadable: one of them cannot be read.
            DocumentTextTooLong: they have more text than a node may put out.
            FileNotFound, FileExpired, FileTooLarge: as `FileContents` says.
        """
        value = context.variables.get(config.variable_selector)
        files = RunFiles(self._contents, self._generated, context)
        left = MAX_CHARACTERS
        texts: list[str] = []
        for file in _files_in(value):
            source = _source(context.tenant_id, await files.open(file, limit=MAX_FILE_BYTES))
            texts.append(await document_text(self._reader, source, limit=left))
            left -= len(texts[-1])
        if config.is_array_file:
            yield NodeOutcome(outputs={"text": texts})
        elif texts:
            yield NodeOutcome(outputs={"text": texts[0]})
        else:
            raise VariableMissing(selector=str(config.variable_selector))


def _source(tenant_id: TenantId, file: OpenedFile) -> DocumentSource:
    async def pieces() -> AsyncIterator[bytes]:
        return file.parts()

    return DocumentSource(
        tenant_id=tenant_id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        open=pieces,
    )


def _files_in(value: JsonValue) -> list[FileReference]:
    """The files that a value names: one, or those of a list."""
    values = value if isinstance(value, list | tuple) else (value,)
    found = map(FileReference.from_json, values)
    return [file for file in found if file is not None]
