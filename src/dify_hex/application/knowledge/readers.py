"""How Knowledge and its documents are looked at."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.knowledge.read_models import DocumentView, KnowledgeView
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest


class KnowledgeReader(Protocol):
    """Looks at Knowledge without loading it."""

    @abstractmethod
    async def list_knowledge(
        self, tenant_id: TenantId, page: PageRequest, q: str | None
    ) -> Page[KnowledgeView]:
        """Those whose name has `q` in it, in either case; sorts by `created_at`, `updated_at`
        and `name`.
        """

    @abstractmethod
    async def get_knowledge(self, tenant_id: TenantId, knowledge_id: KnowledgeId) -> KnowledgeView:
        """One Knowledge.

        Raises:
            KnowledgeNotFound: there is none, or it was deleted.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilterRequest:
    """Which documents to list; `q` is a part of the name, in either case."""

    status: DocumentStatus | None = None
    is_enabled: bool | None = None
    q: str | None = None


class DocumentsReader(Protocol):
    """Looks at documents without loading them."""

    @abstractmethod
    async def list_documents(
        self,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        page: PageRequest,
        wanted: DocumentFilterRequest,
    ) -> Page[DocumentView]:
        """The documents of a Knowledge; sorts by `created_at`, `updated_at` and `name`.

        Raises:
            KnowledgeNotFound: there is no such Knowledge, or it was deleted.
        """

    @abstractmethod
    async def get_document(self, tenant_id: TenantId, document_id: DocumentId) -> DocumentView:
        """One document.

        Raises:
            DocumentNotFound: there is none, or it was deleted.
        """
