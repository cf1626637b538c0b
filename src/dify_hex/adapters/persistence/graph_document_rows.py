"""The table of the graphs that versions and runs are pinned to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base, TenantRow


class GraphDocumentRow(TenantRow, Base):
    """The exact graph that versions and runs are pinned to, once per tenant and content."""

    __tablename__ = "graph_documents"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(Text, primary_key=True)
    document: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
