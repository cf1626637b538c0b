"""Segments, and the indexes that find them."""

revision = "20261121_segments"
down_revision = "20261121_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
