"""What answers stand on: citations of messages, and looking passages up in one trip."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.row_level_security import APP_ROLE

revision = "20261121_citations"
down_revision = "20261121_embedding_cache"
branch_labels = None
depends_on = None

#: Every retrieval asks both; they name the tenant for as long as their statement lasts. What was
#: found is looked up one id after the other: whatever the planner believes of tables that have just
#: been filled, one row of a primary key is all there is to read, and never the whole tenant.
PASSAGES = """
CREATE FUNCTION found_passages(of_tenant uuid, wanted uuid[]) RETURNS TABLE (
    found_id uuid, matched text, segment_id uuid, document_id uuid, document_name text,
    segment_position integer, content text, first_page integer, last_page integer,
    headings text[], tokens integer, hit_count bigint, content_hash bytea, metadata jsonb
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenants', of_tenant::text, true);
    RETURN QUERY
    SELECT one.id, found.content, given.id, given.document_id, document.name, given.position,
           given.content, given.first_page, given.last_page, given.headings, given.tokens,
           given.hit_count::bigint, given.content_hash, document.metadata
    FROM unnest(wanted) AS one(id)
    CROSS JOIN LATERAL (
        SELECT segment.content, coalesce(segment.parent_id, segment.id) AS given_id
        FROM segments AS segment
        WHERE segment.id = one.id AND segment.tenant_id = of_tenant AND segment.is_enabled
        OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (
        SELECT segment.* FROM segments AS segment
        WHERE segment.id = found.given_id AND segment.tenant_id = of_tenant AND segment.is_enabled
        OFFSET 0
    ) AS given
    CROSS JOIN LATERAL (
        SELECT doc.name, doc.metadata FROM documents AS doc
        WHERE doc.id = given.document_id AND doc.tenant_id = of_tenant AND doc.is_enabled
          AND doc.deleted_at IS NULL
        OFFSET 0
    ) AS document
    WHERE EXISTS (SELECT FROM knowledge
                  WHERE knowledge.id = given.knowledge_id AND knowledge.tenant_id = of_tenant
                    AND knowledge.deleted_at IS NULL);
END $$
"""
KNOWLEDGE = """
CREATE FUNCTION searchable_knowledge(of_tenant uuid, wanted uuid[]) RETURNS TABLE (
    knowledge_id uuid, knowledge_name text, about text, settings jsonb, metadata_fields jsonb
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenants', of_tenant::text, true);
    RETURN QUERY
    SELECT known.id, known.name, known.description, known.settings, known.metadata_fields
    FROM knowledge AS known
    WHERE known.id = ANY(wanted) AND known.tenant_id = of_tenant AND known.deleted_at IS NULL;
END $$
"""


def upgrade() -> None:
    op.add_column(
        "messages", sa.Column("citations", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    for statement in (
        PASSAGES,
        f"GRANT EXECUTE ON FUNCTION found_passages TO {APP_ROLE}",
        KNOWLEDGE,
        f"GRANT EXECUTE ON FUNCTION searchable_knowledge TO {APP_ROLE}",
    ):
        op.execute(statement)


def downgrade() -> None:
    """Forgets the citations; the journals of the runs keep them."""
    op.execute("DROP FUNCTION searchable_knowledge")
    op.execute("DROP FUNCTION found_passages")
    op.drop_column("messages", "citations")
