"""Knowledge and documents for tests, with everything that does not matter filled in."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from dify_hex.application.knowledge.indexing.delete_content import (
    DeleteDocumentContent,
    DeleteKnowledgeContent,
)
from dify_hex.application.knowledge.indexing.embed import Embed
from dify_hex.application.knowledge.indexing.extract import Extract
from dify_hex.application.knowledge.indexing.index_document import IndexDocument
from dify_hex.application.knowledge.indexing.reembed_knowledge import ReembedKnowledge
from dify_hex.application.knowledge.indexing.remove_content import RemoveContent
from dify_hex.application.knowledge.indexing.segment import Segment
from dify_hex.application.knowledge.ports import (
    DocumentReader,
    DocumentSource,
    EmbeddedTexts,
    Embeddings,
    TextAnalyser,
    Vector,
)
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobHandler, RunningJob
from dify_hex.domain.file.file import File, FileContent, FileOwner, FileSource
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.document import Document, DocumentContent, DocumentOrigin
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField
from dify_hex.domain.knowledge.settings import KnowledgeSettings, SegmentationSettings
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from tests.fakes.memory_knowledge import MemoryKnowledgeWork
from tests.fakes.memory_segments import KnowledgeShelf
from tests.fakes.memory_storage import MemoryBlobStorage, MemoryFileStorage
from tests.fakes.memory_work import MemoryDatabase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
TENANT = TenantId(UUID(int=1))
EDITOR = UUID(int=2)
MODEL = ModelConfig(provider="local", model="use-multilingual")
OTHER_MODEL = ModelConfig(provider="openai", model="text-embedding-3-small")
TEXT_TYPE = FileType(kind=FileKind.DOCUMENT, media_type="text/plain", extension="txt")
SETTINGS = KnowledgeSettings(
    embedding=MODEL, segmentation=SegmentationSettings(max_tokens=16, overlap_tokens=0)
)


class StandingClock(Clock):
    """It is always noon."""

    def now(self) -> datetime:
        return NOW


def a_knowledge(
    name: str = "Handbook",
    *,
    settings: KnowledgeSettings = SETTINGS,
    fields: Sequence[MetadataField] = (),
) -> Knowledge:
    """A Knowledge that was just made."""
    return Knowledge.create(
        id=KnowledgeId(new_id()),
        tenant_id=TENANT,
        name=name,
        settings=settings,
        metadata_fields=fields,
        now=NOW,
        by=EDITOR,
    )


def content(
    sha256: str = "a" * 64, *, origin: DocumentOrigin = DocumentOrigin.UPLOAD
) -> DocumentContent:
    """What is known of a document's file."""
    return DocumentContent(
        file_id=FileId(new_id()),
        origin=origin,
        media_type="text/plain",
        size=100,
        sha256=sha256,
    )


def a_document(
    knowledge_id: KnowledgeId | None = None,
    *,
    name: str = "report.txt",
    of: DocumentContent | None = None,
    is_duplicate: bool = False,
) -> Document:
    """A document that was just added."""
    return Document.add(
        id=DocumentId(new_id()),
        tenant_id=TENANT,
        knowledge_id=knowledge_id or KnowledgeId(new_id()),
        name=name,
        content=of or content(),
        is_duplicate=is_duplicate,
        task_id=TaskId(new_id()),
        now=NOW,
        by=EDITOR,
    )


def stored(document: Document) -> Document:
    """The document as it would be loaded again."""
    return Document(
        id=document.id,
        tenant_id=document.tenant_id,
        knowledge_id=document.knowledge_id,
        state=document.state,
        version=document.version,
    )


@dataclass(slots=True)
class PageReader(DocumentReader):
    """Reads a page per form feed; fails where it is told to."""

    error: Exception | None = None
    reads: int = 0

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        self.reads += 1
        whole = b"".join([piece async for piece in await source.open()]).decode()
        for number, page in enumerate(whole.split("\f"), 1):
            if self.error is not None:
                raise self.error
            if page.strip():
                yield [
                    Block(kind=BlockKind.PARAGRAPH, text=part, page=number)
                    for part in page.split("\n\n")
                ]


@dataclass(slots=True)
class CountedEmbeddings(Embeddings):
    """Vectors of a few figures; counts how often each text was sent."""

    sent: dict[tuple[str, str], int] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    #: Numbers of each vector of the first model.
    length: int = 2
    #: Happens while the next texts are embedded.
    on_next: Callable[[], Awaitable[object]] | None = None

    async def embed(
        self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]
    ) -> EmbeddedTexts:
        if self.errors:
            raise self.errors.pop(0)
        if self.on_next is not None:
            happening, self.on_next = self.on_next, None
            await happening()
        for text in texts:
            key = (model.model, text)
            self.sent[key] = self.sent.get(key, 0) + 1
        length = self.length if model == MODEL else 3
        vectors = [(1.0,) * length for _ in texts]
        return EmbeddedTexts(vectors=vectors, called=len(texts), usage=None)

    async def embed_query(self, tenant_id: TenantId, model: ModelConfig, query: str) -> Vector:
        raise NotImplementedError

    async def forget(self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]) -> None:
        self.forgotten += texts


class SpacedTerms(TextAnalyser):
    """Words between spaces."""

    async def terms(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        return [text.split() for text in texts]


class WatchedJob(RunningJob):
    """One attempt, which is interrupted when a test says so."""

    def __init__(self, arguments: JsonObject, *, attempt: int = 1) -> None:
        self.tenant_id = TENANT
        self.task_id = TaskId(new_id())
        self.attempt = attempt
        self.arguments = arguments
        self.reports: list[tuple[float, str]] = []
        #: Raised by the report of that number.
        self.interruptions: Mapping[int, BaseException] = {}
        #: Happens just before the report of that number.
        self.meanwhile: Mapping[int, Callable[[], Awaitable[object]]] = {}

    async def report(self, progress: float, note: str = "") -> None:
        happening = self.meanwhile.get(len(self.reports) + 1)
        if happening is not None:
            await happening()
        self.reports.append((progress, note))
        interruption = self.interruptions.get(len(self.reports))
        if interruption is not None:
            raise interruption


class Desk:
    """A Knowledge and all that works on it, in memory."""

    def __init__(self, settings: KnowledgeSettings = SETTINGS) -> None:
        self.database = MemoryDatabase()
        self.shelves = [KnowledgeShelf()]
        self.files = MemoryFileStorage()
        self.blobs = MemoryBlobStorage()
        self.reader = PageReader()
        self.embeddings = CountedEmbeddings()
        self.clock = StandingClock()
        self.knowledge = a_knowledge(settings=settings)
        self.extract = Extract(
            reader=self.reader, files=self.files, blobs=self.blobs, clock=self.clock
        )
        self.index_document = IndexDocument(
            begin=self.begin,
            clock=self.clock,
            extract=self.extract,
            segment=Segment(measure=_words),
            embed=Embed(embeddings=self.embeddings, analyser=SpacedTerms()),
        )
        remove = RemoveContent(begin=self.begin, clock=self.clock, blobs=self.blobs)
        self.delete_document = DeleteDocumentContent(begin=self.begin, remove=remove)
        self.delete_knowledge = DeleteKnowledgeContent(
            begin=self.begin, remove=remove, blobs=self.blobs, clock=self.clock
        )
        self.reembed_knowledge = ReembedKnowledge(begin=self.begin, clock=self.clock)

    def begin(self, tenant_id: TenantId) -> MemoryKnowledgeWork:
        """A unit of work over all of it."""
        return MemoryKnowledgeWork(self.database, tenant_id, self.shelves)

    @property
    def shelf(self) -> KnowledgeShelf:
        """What is committed besides aggregates."""
        return self.shelves[0]

    async def open(self) -> None:
        """Keep the Knowledge."""
        async with self.begin(TENANT) as work:
            work.knowledge.add(self.knowledge)
            await work.commit()

    async def bring(self, text: str, *, origin: DocumentOrigin = DocumentOrigin.UPLOAD) -> Document:
        """A document with this text, and its file."""
        file = await self.keep_file(text)
        state = file.require_available(now=NOW)
        document = a_document(
            self.knowledge.id,
            of=DocumentContent(
                file_id=file.id,
                origin=origin,
                media_type="text/plain",
                size=state.size,
                sha256=state.sha256,
            ),
        )
        async with self.begin(TENANT) as work:
            work.documents.add(document)
            await work.commit()
        return document

    async def keep_file(self, text: str) -> File:
        """A file with this text."""
        file = File.begin(
            id=FileId(new_id()),
            tenant_id=TENANT,
            name="report.txt",
            type=TEXT_TYPE,
            source=FileSource.UPLOAD,
            owner=FileOwner(),
            now=NOW,
        )
        kept: FileContent = await self.files.put(file.key, _pieces(text))
        file.complete(kept, user=None, expires_at=None, now=NOW)
        async with self.begin(TENANT) as work:
            work.files.add(file)
            await work.commit()
        return file

    async def index(self, document: Document, *, job: WatchedJob | None = None) -> JsonObject:
        """Let a worker have a go at it."""
        return await self.index_document.run(job or job_for(await self._latest(document)))

    async def _latest(self, document: Document) -> Document:
        try:
            return await self.document(document.id)
        except DocumentNotFound:
            return document

    async def run(self, handler: JobHandler, **arguments: object) -> JsonObject:
        """Do a job."""
        return await handler.run(WatchedJob({name: str(each) for name, each in arguments.items()}))

    async def document(self, document_id: DocumentId) -> Document:
        """The document as it is now."""
        async with self.begin(TENANT) as work:
            return await work.documents.get(document_id)

    async def change(self, document_id: DocumentId, verb: str, *arguments: object) -> None:
        """Let somebody do something with the document."""
        async with self.begin(TENANT) as work:
            document = await work.documents.get(document_id)
            getattr(document, verb)(*arguments, now=NOW)
            await work.commit()


def job_for(document: Document, *, attempt: int = 1) -> WatchedJob:
    """An attempt at indexing the document, of the task that it has."""
    job = WatchedJob({"document_id": str(document.id)}, attempt=attempt)
    job.task_id = document.state.task_id or job.task_id
    return job


def paragraphs(count: int, *, topic: str = "lamps") -> str:
    """Paragraphs of a dozen words each, none like another."""
    return "\n\n".join(
        f"Paragraph {number} is about {topic} and says what number {number} has to say of them."
        for number in range(count)
    )


async def _pieces(text: str) -> AsyncGenerator[bytes, None]:
    yield text.encode()


def _words(text: str) -> int:
    return len(text.split())
