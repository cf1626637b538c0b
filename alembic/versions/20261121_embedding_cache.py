"""The vectors of texts, so that none is embedded twice."""

revision = "20261121_embedding_cache"
down_revision = "20261121_segments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
