"""What answers stand on."""

revision = "20261121_citations"
down_revision = "20261121_embedding_cache"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
