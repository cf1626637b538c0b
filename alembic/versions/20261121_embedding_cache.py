"""The vectors of texts, so that none is embedded twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_embedding_cache"
down_revision = "20261121_segments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedding_cache",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("key", BYTEA(), primary_key=True),
        sa.Column("vector", BYTEA(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False, server_default=sa.text("current_date")),
    )
    for statement in tenant_table("embedding_cache", system=("SELECT", "DELETE")):
        op.execute(statement)
    # The sweep looks for what nobody has used for long, whoever it belongs to.
    op.create_index("ix_embedding_cache_used_on", "embedding_cache", ["used_on"])


def downgrade() -> None:
    """Forgets the vectors; texts are embedded again when they are needed."""
    op.drop_table("embedding_cache")
