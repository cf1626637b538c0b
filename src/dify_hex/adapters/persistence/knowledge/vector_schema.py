"""The table of vectors, as DDL: it can only be made where the extension pgvector is.

Vectors of all lengths share one table, cut by the hash of the Knowledge, so that a graph for
approximate search holds a part of the vectors only. A vector is filled up with zeros to the next of
`BUCKETS`, which changes no angle, and there is one graph for each of these lengths.
"""

from collections.abc import Iterator

from dify_hex.adapters.persistence.row_level_security import tenant_table

TABLE = "segment_vectors"
PARTITIONS = 8
#: Lengths that a graph can be made for; what is longer is compared one by one.
BUCKETS = (384, 512, 768, 1024, 1536, 2048, 3072, 4000)
#: Older ones cannot go on searching when a filter has left too little.
LEAST_VERSION = (0, 8)

#: Ordinary logins may not create it unless the server's administrator has said so; then it has to
#: be there already.
CREATE_EXTENSION = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
    END IF;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported THEN
    RAISE NOTICE 'the extension vector has to be created by a superuser';
END $$
"""

EXTENSION_VERSION = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
TABLE_EXISTS = f"SELECT to_regclass('public.{TABLE}') IS NOT NULL"
DROP_TABLE = f"DROP TABLE IF EXISTS {TABLE}"


def is_enough(version: str | None) -> bool:
    """Whether a version of the extension can do what is asked of it."""
    if version is None:
        return False
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return numbers >= LEAST_VERSION


def bucket_of(dimensions: int) -> int:
    """The length that a vector is filled up to; its own when no graph can hold it."""
    return next((bucket for bucket in BUCKETS if dimensions <= bucket), dimensions)


def table_statements() -> Iterator[str]:
    """Make the table with its partitions, its graphs and its wall."""
    yield f"""
    CREATE TABLE {TABLE} (
        tenant_id uuid NOT NULL,
        knowledge_id uuid NOT NULL,
        document_id uuid NOT NULL,
        segment_id uuid NOT NULL,
        is_enabled boolean NOT NULL,
        dimensions integer NOT NULL,
        bucket integer NOT NULL,
        embedding halfvec NOT NULL,
        CONSTRAINT pk_{TABLE} PRIMARY KEY (knowledge_id, segment_id)
    ) PARTITION BY HASH (knowledge_id)
    """
    # Beside the row rather than out of line, where each comparison would have to fetch it.
    yield f"ALTER TABLE {TABLE} ALTER COLUMN embedding SET STORAGE MAIN"
    for number in range(PARTITIONS):
        partition = f"{TABLE}_{number}"
        yield (
            f"CREATE TABLE {partition} PARTITION OF {TABLE} "
            f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
        )
        yield f"ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {partition} FORCE ROW LEVEL SECURITY"
    yield (f"CREATE INDEX ix_{TABLE}_document_id ON {TABLE} (tenant_id, knowledge_id, document_id)")
    for bucket in BUCKETS:
        yield (
            f"CREATE INDEX ix_{TABLE}_{bucket} ON {TABLE} "
            f"USING hnsw ((embedding::halfvec({bucket})) halfvec_cosine_ops) "
            f"WHERE bucket = {bucket}"
        )
    yield from tenant_table(TABLE)
