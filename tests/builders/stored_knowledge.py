"""Knowledge and documents that are kept on PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.knowledge.settings import (
    CleaningRules,
    KnowledgeSettings,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)
from tests.builders.knowledge import EDITOR, MODEL, NOW, content

Begin = Callable[[], SqlUnitOfWork]
AUTHOR = MetadataField(name="author", type=MetadataType.STRING)
EDITION = MetadataField(name="edition", type=MetadataType.NUMBER)
EVERYTHING = KnowledgeSettings(
    embedding=replace(MODEL, parameters=ModelParameters(seed=7)),
    segmentation=SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD,
        separators=("\n\n", "。"),
        max_tokens=300,
        overlap_tokens=30,
        parent=ParentScope.FULL_DOCUMENT,
        child_max_tokens=60,
        cleaning=CleaningRules(collapse_whitespace=False, remove_urls_and_emails=True),
    ),
    retrieval=RetrievalSettings(
        method=RetrievalMethod.SEMANTIC,
        fusion=FusionSettings(method=FusionMethod.WEIGHTED, semantic_weight=0.7),
        top_k=9,
        score_threshold=0.4,
        rerank=ModelConfig(provider="jina", model="reranker"),
    ),
)


def made(tenant_id: TenantId, name: str = "Handbook", minutes: int = 0) -> Knowledge:
    return Knowledge.create(
        id=KnowledgeId(new_id()),
        tenant_id=tenant_id,
        name=name,
        description="All of it.",
        settings=EVERYTHING,
        metadata_fields=[AUTHOR, EDITION],
        now=NOW + timedelta(minutes=minutes),
        by=EDITOR,
    )


def added(
    knowledge: Knowledge,
    name: str = "report.pdf",
    *,
    minutes: int = 0,
    sha256: str | None = None,
    duplicate: bool = False,
) -> Document:
    return Document.add(
        id=DocumentId(new_id()),
        tenant_id=knowledge.tenant_id,
        knowledge_id=knowledge.id,
        name=name,
        content=replace(content(sha256 or new_id().hex * 2), file_id=FileId(new_id())),
        is_duplicate=duplicate,
        task_id=TaskId(new_id()),
        now=NOW + timedelta(minutes=minutes),
        by=EDITOR,
    )


async def keep(begin: Begin, knowledge: Knowledge, *documents: Document) -> None:
    async with begin() as work:
        work.knowledge.add(knowledge)
        for document in documents:
            work.documents.add(document)
        await work.commit()
