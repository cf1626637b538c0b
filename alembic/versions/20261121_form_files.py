"""Files that are handed in with the answer to a form."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_form_files"
down_revision = "20261121_run_retention"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("files", sa.Column("form_id", sa.Uuid()))
    op.add_column(
        "workflow_forms",
        sa.Column("uploads", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )


def downgrade() -> None:
    """Files of forms become their apps'."""
    op.drop_column("workflow_forms", "uploads")
    op.drop_column("files", "form_id")
