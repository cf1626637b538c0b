"""Table of the vectors of texts, so that none is embedded twice."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base


class EmbeddingRow(Base):
    """A vector in half precision, under the hash of its model and text."""

    __tablename__ = "embedding_cache"
    # The sweep looks for what nobody has used for long, whoever it belongs to.
    __table_args__ = (Index("ix_embedding_cache_used_on", "used_on"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    vector: Mapped[bytes] = mapped_column(BYTEA)
    used_on: Mapped[date] = mapped_column(server_default=text("current_date"))
