"""The SQL of the word index: postings in a B-tree that begins with the tenant.

Scores are BM25 as Robertson and Zaragoza give it ("The Probabilistic Relevance Framework: BM25 and
Beyond", 2009), in the variant of Lucene since 8.0, which leaves out the constant factor k1 + 1:

    score(q, d) = Σ over t in q of  ln(1 + (N - df + 0.5) / (df + 0.5))
                                    · tf / (tf + k1 · (1 - b + b · len(d) / avglen))

with k1 = 1.5 and b = 0.75. N, df and avglen are those of the whole Knowledge, whatever a filter
leaves of it. A posting is one number: 39 bits of the segment's number, 8 of tf, 16 of its length.
"""

from sqlalchemy import text

from dify_hex.adapters.persistence.knowledge.document_filter import DocumentsSql

K1 = 1.5
B = 0.75
MOST_OCCURRENCES = 255
LONGEST = 65_535

#: $keys, $lengths and $counts say of each entry which terms it has, how long it is and how many
#: different terms there are; $terms and $occurrences hold those of all entries, one after another.
ADD_ENTRIES = text("""
WITH given AS (
    SELECT entry.* FROM unnest(
        CAST(:segment_ids AS uuid[]), CAST(:document_ids AS uuid[]), CAST(:lengths AS int[]),
        CAST(:starts AS int[]), CAST(:counts AS int[])
    ) AS entry(segment_id, document_id, length, start, count)
), added AS (
    INSERT INTO keyword_entries (segment_id, tenant_id, knowledge_id, document_id, length, keys,
                                 is_enabled)
    SELECT given.segment_id, :tenant_id, :knowledge_id, given.document_id, given.length,
           (CAST(:keys AS bigint[]))[given.start : given.start + given.count - 1],
           segment.is_enabled
    FROM given CROSS JOIN LATERAL (
        SELECT is_enabled FROM segments
        WHERE tenant_id = :tenant_id AND id = given.segment_id OFFSET 0
    ) AS segment
    RETURNING segment_id, document_id, number, length, keys
), posted AS (
    INSERT INTO keyword_postings (tenant_id, key, posting)
    SELECT :tenant_id, posting.key,
           (added.number << 24) | (posting.occurrences << 16) | least(added.length, 65535)
    FROM added JOIN given ON given.segment_id = added.segment_id
    CROSS JOIN LATERAL unnest(
        added.keys,
        (CAST(:occurrences AS bigint[]))[given.start : given.start + given.count - 1]
    ) AS posting(key, occurrences)
    ORDER BY 2, 3
)
SELECT document_id, count(*) AS segments, sum(length) AS terms FROM added GROUP BY document_id
""")

#: Each posting is looked up by itself. A join by the keys would read all postings of its words for
#: each segment, and a text that says the same over and over has as many of one word as segments.
_REMOVED = """
), gone AS (
    DELETE FROM keyword_postings WHERE ctid = ANY(ARRAY(
        SELECT posting.ctid
        FROM (SELECT unnest(keys) AS key, number FROM entries) AS entry
        CROSS JOIN LATERAL (
            SELECT ctid FROM keyword_postings
            WHERE tenant_id = :tenant_id AND key = entry.key
              AND posting >= (entry.number << 24) AND posting < ((entry.number + 1) << 24)
            OFFSET 0
        ) AS posting
    ))
)
SELECT document_id, count(*) AS segments, sum(length) AS terms FROM entries GROUP BY document_id
"""
REMOVE = text(f"""
WITH entries AS (
    DELETE FROM keyword_entries
    WHERE tenant_id = :tenant_id AND segment_id = ANY(CAST(:segment_ids AS uuid[]))
    RETURNING document_id, number, length, keys
{_REMOVED}
""")  # noqa: S608 - its only insert is the constant above
REMOVE_SOME_OF_DOCUMENT = text(f"""
WITH entries AS (
    DELETE FROM keyword_entries WHERE segment_id IN (
        SELECT segment_id FROM keyword_entries
        WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
          AND document_id = :document_id
        LIMIT :most
    )
    RETURNING document_id, number, length, keys
{_REMOVED}
""")  # noqa: S608 - its only insert is the constant above
REMOVE_SOME_OF_KNOWLEDGE = text(f"""
WITH entries AS (
    DELETE FROM keyword_entries WHERE segment_id IN (
        SELECT segment_id FROM keyword_entries
        WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
        LIMIT :most
    )
    RETURNING document_id, number, length, keys
{_REMOVED}
""")  # noqa: S608 - its only insert is the constant above
ENABLE = text("""
UPDATE keyword_entries SET is_enabled = :enabled
WHERE tenant_id = :tenant_id AND segment_id = ANY(CAST(:segment_ids AS uuid[]))
""")


def search_statement(documents: DocumentsSql) -> str:
    """The best segments for `keys` with their `weights`: how often each is asked for.

    Postings are read once, in the index alone; then entries are looked up from the best score
    downwards, until enough of them count.
    """
    return f"""
    WITH asked AS MATERIALIZED (
        SELECT key, weight
        FROM unnest(CAST(:keys AS bigint[]), CAST(:weights AS float8[])) AS asked(key, weight)
    ), corpus AS MATERIALIZED (
        SELECT sum(segments) AS size, sum(terms) / nullif(sum(segments), 0) AS average
        FROM index_totals WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
    ), hits AS MATERIALIZED (
        SELECT asked.key, asked.weight, posting.posting
        FROM asked CROSS JOIN LATERAL (
            SELECT posting FROM keyword_postings
            WHERE tenant_id = :tenant_id AND key = asked.key OFFSET 0
        ) AS posting
    ), weighted AS MATERIALIZED (
        SELECT hits.key,
               max(weight) * ln(1 + greatest(size - count(*) + 0.5, 0.5) / (count(*) + 0.5))
                   AS weight
        FROM hits CROSS JOIN corpus GROUP BY hits.key, size
    ), scored AS MATERIALIZED (
        SELECT posting >> 24 AS number,
               sum(weighted.weight * ((posting >> 16) & 255)
                   / (((posting >> 16) & 255)
                      + {K1 * (1 - B)} + {K1 * B} * (posting & 65535) / average)) AS score
        FROM hits JOIN weighted ON weighted.key = hits.key CROSS JOIN corpus
        GROUP BY posting >> 24
    ), ordered AS (
        SELECT number, score FROM scored ORDER BY score DESC, number
    )
    SELECT entry.segment_id, ordered.score
    FROM ordered CROSS JOIN LATERAL (
        SELECT segment_id FROM keyword_entries
        WHERE tenant_id = :tenant_id AND number = ordered.number AND is_enabled
          AND {documents.condition}
        LIMIT 1
    ) AS entry
    ORDER BY ordered.score DESC, ordered.number LIMIT :limit
    """  # noqa: S608 - constants, and conditions without any value in them
