"""Where a run failed: the node, the attempt and what the error says besides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261121_run_errors"
down_revision = "20261121_draft_values"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workflow_runs", sa.Column("error_details", JSONB()))


def downgrade() -> None:
    """Forgets the details; code and message stay."""
    op.drop_column("workflow_runs", "error_details")
