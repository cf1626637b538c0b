"""Files of documents are told apart from those that were handed in by themselves."""

import sqlalchemy as sa
from alembic import op

from dify_hex.adapters.persistence.row_level_security import owner_is_blind, owner_sees_rows

revision = "20261121_document_files"
down_revision = "20261121_form_files"
branch_labels = None
depends_on = None

_LISTS = {
    "ix_files_tenant_id": [],
    "ix_files_app_id": ["app_id"],
    "ix_files_end_user": ["end_user"],
}
_AVAILABLE = "status = 'available'"
_OF_DOCUMENTS = """
UPDATE files SET source = 'document'
FROM documents
WHERE documents.tenant_id = files.tenant_id AND documents.file_id = files.id
  AND documents.origin IN ('upload', 'text') AND files.source = 'upload'
"""


def upgrade() -> None:
    _seeing_all(_OF_DOCUMENTS)
    _list_those(f"{_AVAILABLE} AND source <> 'document'")


def downgrade() -> None:
    """They are listed among the others again."""
    _list_those(_AVAILABLE)
    _seeing_all("UPDATE files SET source = 'upload' WHERE source = 'document'")


def _seeing_all(statement: str) -> None:
    for table in ("files", "documents"):
        op.execute(owner_sees_rows(table))
    op.execute(statement)
    for table in ("files", "documents"):
        op.execute(owner_is_blind(table))


def _list_those(condition: str) -> None:
    for name, columns in _LISTS.items():
        op.drop_index(name, "files")
        op.create_index(
            name, "files", ["tenant_id", *columns, "id"], postgresql_where=sa.text(condition)
        )
