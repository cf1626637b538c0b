"""Background jobs as their owners see them."""

revision = "20261121_task"
down_revision = "20261121_run_errors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
