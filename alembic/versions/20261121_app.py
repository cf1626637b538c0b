"""Apps and their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_app"
down_revision = "20261121_model_provider"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "apps",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(collation="C"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("draft", postgresql.JSONB(), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("draft_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft_updated_by", sa.Uuid()),
        sa.Column("published_version_id", sa.Uuid()),
        sa.Column("published_number", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("updated_by", sa.Uuid()),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    _index("uq_apps_name", "name_folded", unique=True)
    _index("uq_apps_slug", "slug", unique=True)
    _index("ix_apps_created_at", "created_at", "id")
    _index("ix_apps_updated_at", "updated_at", "id")
    op.create_table(
        "app_versions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("configuration", postgresql.JSONB(), nullable=False),
        sa.Column("graph_hash", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid()),
        sa.UniqueConstraint("tenant_id", "app_id", "number", name="uq_app_versions_number"),
    )
    # What was published never changes: the application has no right to.
    for statement in (
        *tenant_table("apps", app=("SELECT", "INSERT", "UPDATE")),
        *tenant_table("app_versions", app=("SELECT", "INSERT")),
    ):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("app_versions")
    op.drop_table("apps")


def _index(name: str, *columns: str, unique: bool = False) -> None:
    op.create_index(name, "apps", ["tenant_id", *columns], unique=unique, postgresql_where=LIVING)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )
