"""Knowledge and its documents."""

revision = "20261121_knowledge"
down_revision = "20261121_task"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
