"""The SQL of segments."""

from sqlalchemy import text

#: One array per column. What is there already keeps its id, its index and what somebody has edited.
KEEP = text("""
INSERT INTO segments AS segment (
    id, tenant_id, knowledge_id, document_id, parent_id, has_children, position, content,
    content_hash, occurrence, round, tokens, first_page, last_page, headings)
SELECT given.id, :tenant_id, :knowledge_id, :document_id, given.parent_id, given.has_children,
       given.position, given.content, given.content_hash, given.occurrence, :round, given.tokens,
       given.first_page, given.last_page,
       ARRAY(SELECT jsonb_array_elements_text(given.headings))
FROM unnest(
    CAST(:ids AS uuid[]), CAST(:parent_ids AS uuid[]), CAST(:have_children AS boolean[]),
    CAST(:positions AS int[]), CAST(:contents AS text[]), CAST(:hashes AS bytea[]),
    CAST(:occurrences AS int[]), CAST(:tokens AS int[]), CAST(:first_pages AS int[]),
    CAST(:last_pages AS int[]), CAST(:headings AS jsonb[])
) AS given(id, parent_id, has_children, position, content, content_hash, occurrence, tokens,
           first_page, last_page, headings)
ON CONFLICT (tenant_id, document_id, parent_id, content_hash, occurrence)
    WHERE round IS NOT NULL
DO UPDATE SET
    position = excluded.position, round = excluded.round, first_page = excluded.first_page,
    last_page = excluded.last_page, headings = excluded.headings,
    has_children = CASE WHEN segment.is_edited THEN segment.has_children
                        ELSE excluded.has_children END,
    indexed_at = CASE WHEN segment.is_edited OR segment.has_children = excluded.has_children
                      THEN segment.indexed_at END
RETURNING id, content_hash, occurrence, is_edited
""")

KNOWLEDGE_OF = text("""
SELECT knowledge_id FROM documents WHERE tenant_id = :tenant_id AND id = :document_id
""")

#: Children of what somebody has added by hand are of no round either.
OLDER = text("""
SELECT id FROM segments
WHERE tenant_id = :tenant_id AND document_id = :document_id AND round < :round LIMIT :most
""")

#: Children first: a parent without them would be taken for a segment that is searched itself.
OF_DOCUMENT = text("""
SELECT id FROM segments WHERE tenant_id = :tenant_id AND document_id = :document_id
ORDER BY parent_id IS NULL LIMIT :most
""")

REMOVE = text("""
DELETE FROM segments WHERE tenant_id = :tenant_id AND id = ANY(CAST(:segment_ids AS uuid[]))
""")

UNINDEXED = text("""
SELECT id, content, headings FROM segments
WHERE tenant_id = :tenant_id AND document_id = :document_id
  AND indexed_at IS NULL AND NOT has_children
ORDER BY id LIMIT :most
""")

STILL_UNINDEXED = text("""
SELECT id, content, headings FROM segments
WHERE tenant_id = :tenant_id AND id = ANY(CAST(:segment_ids AS uuid[]))
  AND indexed_at IS NULL AND NOT has_children
""")

MARK_INDEXED = text("""
UPDATE segments SET indexed_at = now()
WHERE tenant_id = :tenant_id AND id = ANY(CAST(:segment_ids AS uuid[]))
""")

COUNT = text("""
SELECT count(*) AS searched, count(indexed_at) AS indexed FROM segments
WHERE tenant_id = :tenant_id AND document_id = :document_id AND NOT has_children
""")

FINDABLE = text("""
SELECT given.id FROM unnest(CAST(:document_ids AS uuid[])) AS given(id)
WHERE EXISTS (
    SELECT FROM keyword_entries AS entry JOIN documents AS document ON document.id = given.id
    WHERE entry.tenant_id = :tenant_id AND entry.knowledge_id = document.knowledge_id
      AND entry.document_id = given.id
)
""")

UNINDEX_SOME_OF_KNOWLEDGE = text("""
UPDATE segments SET indexed_at = NULL
WHERE tenant_id = :tenant_id AND id = ANY(ARRAY(
    SELECT id FROM segments
    WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id AND indexed_at IS NOT NULL
      AND id > :after
    ORDER BY id LIMIT :most
))
RETURNING id
""")

#: What somebody has edited keeps the children that were cut out of it then.
KEEP_CHILDREN = text("""
UPDATE segments SET round = :round
WHERE tenant_id = :tenant_id AND parent_id = ANY(CAST(:parent_ids AS uuid[]))
""")

NEXT_POSITION = text("""
SELECT position + 1 FROM segments
WHERE tenant_id = :tenant_id AND document_id = :document_id AND parent_id IS NULL
ORDER BY position DESC, id DESC LIMIT 1
""")

SEGMENT = text("""
SELECT id, knowledge_id, document_id, has_children, round, first_page, last_page, headings,
       is_enabled
FROM segments WHERE tenant_id = :tenant_id AND id = :segment_id
""")

CHILDREN = text("""
SELECT id FROM segments WHERE tenant_id = :tenant_id AND parent_id = :segment_id ORDER BY position
""")

ENABLE_CHILDREN = text("""
UPDATE segments SET is_enabled = :enabled
WHERE tenant_id = :tenant_id AND parent_id = :segment_id
""")
