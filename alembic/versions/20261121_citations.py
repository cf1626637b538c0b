"""What answers stand on: the passages that a message's models were shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261121_citations"
down_revision = "20261121_embedding_cache"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "messages", sa.Column("citations", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )


def downgrade() -> None:
    """Forgets the citations; the journals of the runs keep them."""
    op.drop_column("messages", "citations")
