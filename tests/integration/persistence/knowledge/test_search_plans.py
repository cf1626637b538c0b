"""How the server searches, behind the tenant wall: from indexes only, and from the right ones."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import pytest

from dify_hex.adapters.persistence.knowledge import (
    keyword_search,
    keyword_statements,
    segment_hits,
    vector_schema,
    vector_search,
)
from dify_hex.adapters.persistence.knowledge.document_filter import documents_sql
from dify_hex.adapters.persistence.knowledge.keyword_search import key_of
from dify_hex.adapters.persistence.knowledge.named_parameters import in_numbers
from dify_hex.adapters.persistence.transactions import begin_statement, settings_statement
from dify_hex.application.knowledge.index_ports import DocumentFilter, KeywordEntry, VectorQuery
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId
from tests.conformance.vector_index import at_angle, random_vectors, where
from tests.fakes.servers import RunningServers
from tests.integration.persistence.knowledge.conftest import SqlStage

pytestmark = pytest.mark.pgvector

DIMENSIONS = 384
OF_DOCUMENT = 15
#: Of the documents there are, these meet the filter.
FEW = where(("year", "<", 1))

#: Which of the two depends on what other transactions of the server may still see.
FROM_AN_INDEX = {"Index Only Scan", "Index Scan"}

Plan = Mapping[str, Any]


@pytest.fixture
async def filled(stage: SqlStage, owner: asyncpg.Connection) -> SqlStage:
    """Documents with segments, and what the server knows of them."""
    for number in range(20):
        document_id = await stage.document({"year": number})
        own = random_vectors(OF_DOCUMENT, DIMENSIONS, seed=number)
        ids = await stage.put(document_id, *own)
        async with stage.begin() as work:
            await work.keywords.put(stage.knowledge_id, list(_words(document_id, ids)))
            await work.commit()
    for table in ("segment_vectors", "keyword_postings", "keyword_entries", "documents"):
        await owner.execute(f"VACUUM ANALYZE {table}")
    return stage


@pytest.fixture
async def application(
    database: RunningServers, pool: asyncpg.Pool, tenant_id: TenantId
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of the role that serves requests, which is behind the wall."""
    async with pool.acquire() as connection:
        await connection.execute(begin_statement([tenant_id]))
        assert await connection.fetchval("SELECT current_user") == "dify_hex_app"
        yield connection
        await connection.execute("ROLLBACK")


def _words(document_id: DocumentId, ids: Sequence[SegmentId]) -> Iterator[KeywordEntry]:
    for number, segment_id in enumerate(ids):
        terms = ["common", f"rare{number}", *(f"word{number % 7}" for _ in range(number % 5))]
        yield KeywordEntry(segment_id=segment_id, document_id=document_id, terms=terms)


async def plan_of(
    connection: asyncpg.Connection,
    sql: str,
    parameters: Mapping[str, object],
    *,
    run: bool = False,
) -> Plan:
    """The plan for these very parameters."""
    numbered, names = in_numbers(sql)
    options = "ANALYZE, FORMAT JSON" if run else "FORMAT JSON"
    found = await connection.fetchval(
        f"EXPLAIN ({options}) {numbered}", *[parameters[name] for name in names]
    )
    return dict(json.loads(found)[0]["Plan"])


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def read_whole(plan: Plan) -> list[str]:
    """Tables of which every row is read; the sums of a Knowledge are 32 rows at the most."""
    return [
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] != "index_totals"
    ]


def indexes(plan: Plan) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


@pytest.mark.parametrize(
    "wanted", [DocumentFilter(), FEW, DocumentFilter(document_ids=(DocumentId(new_id()),))]
)
async def test_words_are_looked_up_in_their_index(
    filled: SqlStage,
    application: asyncpg.Connection,
    tenant_id: TenantId,
    wanted: DocumentFilter,
) -> None:
    documents = documents_sql(wanted)
    await application.execute(settings_statement(keyword_search.SEARCH_SETTINGS))
    plan = await plan_of(
        application,
        keyword_statements.search_statement(documents),
        {
            **documents.parameters,
            "tenant_id": tenant_id,
            "knowledge_id": filled.knowledge_id,
            "keys": [key_of(filled.knowledge_id, term) for term in ("common", "rare1", "word2")],
            "weights": [1.0, 1.0, 1.0],
            "limit": 10,
        },
    )
    assert read_whole(plan) == []
    [postings] = [node for node in nodes(plan) if node.get("Relation Name") == "keyword_postings"]
    assert postings["Node Type"] in FROM_AN_INDEX
    assert "key" in postings["Index Cond"]
    [entries] = [node for node in nodes(plan) if node.get("Relation Name") == "keyword_entries"]
    assert entries["Node Type"] in FROM_AN_INDEX
    assert "number" in entries["Index Cond"]


async def test_each_posting_that_goes_is_looked_up_by_itself(
    filled: SqlStage, application: asyncpg.Connection, tenant_id: TenantId
) -> None:
    await application.execute("SET LOCAL enable_seqscan = off")
    # The planner guesses how many words there are, and would rather compare all with all.
    await application.execute("SET LOCAL enable_nestloop = off")
    plan = await plan_of(
        application,
        str(keyword_statements.REMOVE_SOME_OF_DOCUMENT),
        {
            "tenant_id": tenant_id,
            "knowledge_id": filled.knowledge_id,
            "document_id": new_id(),
            "most": 1000,
        },
    )
    assert read_whole(plan) == []
    postings = [node for node in nodes(plan) if node.get("Relation Name") == "keyword_postings"]
    assert {node["Node Type"] for node in postings} - FROM_AN_INDEX == {"ModifyTable", "Tid Scan"}
    [found] = [node for node in postings if node["Node Type"] in FROM_AN_INDEX]
    assert "posting <" in found["Index Cond"]


@pytest.mark.parametrize("wanted", [DocumentFilter(), FEW])
async def test_the_graph_of_the_length_is_gone_along(
    filled: SqlStage,
    application: asyncpg.Connection,
    tenant_id: TenantId,
    wanted: DocumentFilter,
) -> None:
    plan = await vector_plan(filled, application, tenant_id, wanted)
    assert read_whole(plan) == []
    near, _ = ways(plan)
    [graph] = [each for each in indexes(near) if "segment_vectors" in each]
    made = await application.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = $1", graph)
    assert "USING hnsw" in made
    assert f"halfvec({DIMENSIONS})" in made
    partitions = {
        node["Relation Name"]
        for node in nodes(plan)
        if node.get("Relation Name", "").startswith(vector_schema.TABLE)
    }
    assert len(partitions) == 1


async def test_the_few_that_a_filter_leaves_are_compared_one_by_one(
    filled: SqlStage, application: asyncpg.Connection, tenant_id: TenantId
) -> None:
    _, nearest = ways(await vector_plan(filled, application, tenant_id, FEW))
    assert read_whole(nearest) == []
    [scan] = [
        node
        for node in nodes(nearest)
        if node.get("Relation Name", "").startswith(vector_schema.TABLE)
        or "segment_vectors" in node.get("Index Name", "")
    ][:1]
    condition = " ".join(node.get("Index Cond", "") for node in nodes(scan))
    assert "document_id = ANY" in condition


@pytest.mark.parametrize("wanted", [DocumentFilter(), FEW])
async def test_which_way_is_cheaper_is_looked_up_in_indexes(
    filled: SqlStage,
    application: asyncpg.Connection,
    tenant_id: TenantId,
    wanted: DocumentFilter,
) -> None:
    plan = await vector_plan(filled, application, tenant_id, wanted)
    looked_up = [each for each in plan["Plans"] if each["Parent Relationship"] == "InitPlan"]
    assert [each for part in looked_up for each in read_whole(part)] == []


async def test_only_the_cheaper_way_is_begun(
    filled: SqlStage, application: asyncpg.Connection, tenant_id: TenantId
) -> None:
    near, nearest = ways(
        await vector_plan(filled, application, tenant_id, DocumentFilter(), run=True)
    )
    assert [node["Actual Loops"] for node in vector_scans(near)] == [0]
    assert [node["Actual Loops"] for node in vector_scans(nearest)] == [1]


async def test_each_segment_that_was_given_is_looked_up_by_itself(
    filled: SqlStage, application: asyncpg.Connection
) -> None:
    found = await application.fetchval(
        f"EXPLAIN (FORMAT JSON) {segment_hits.COUNT}", [new_id()] * 10, [1] * 10
    )
    plan = json.loads(found)[0]["Plan"]
    [locked] = [node for node in nodes(plan) if node["Node Type"] == "LockRows"]
    [scan] = [node for node in nodes(locked) if "Relation Name" in node]
    assert scan.get("Index Name") == "pk_segments"


async def test_a_search_without_any_filter_sees_no_stranger(
    filled: SqlStage, application: asyncpg.Connection, other_tenant_id: TenantId
) -> None:
    await application.execute("SELECT set_config('app.tenants', $1, true)", str(other_tenant_id))
    for table in ("segment_vectors", "keyword_postings", "keyword_entries", "index_totals"):
        assert await application.fetchval(f"SELECT count(*) FROM {table}") == 0


async def vector_plan(
    stage: SqlStage,
    connection: asyncpg.Connection,
    tenant_id: TenantId,
    wanted: DocumentFilter,
    *,
    run: bool = False,
) -> Plan:
    """The plan of a search by meaning."""
    documents = documents_sql(wanted)
    query = VectorQuery(
        knowledge_id=stage.knowledge_id, vector=at_angle(0, DIMENSIONS), limit=10, filter=wanted
    )
    await connection.execute(settings_statement(vector_search.search_settings(query)))
    return await plan_of(
        connection,
        vector_search.search_statement(documents, DIMENSIONS),
        {
            **documents.parameters,
            "tenant_id": tenant_id,
            "knowledge_id": stage.knowledge_id,
            "vector": query.vector,
            "dimensions": DIMENSIONS,
            "limit": query.limit,
        },
        run=run,
    )


def ways(plan: Plan) -> tuple[Plan, Plan]:
    """Along the graph, and one by one."""
    assert plan["Node Type"] == "Append"
    near, nearest = (each for each in plan["Plans"] if each["Parent Relationship"] == "Member")
    return near, nearest


def vector_scans(plan: Plan) -> list[Plan]:
    """Where vectors are read."""
    return [
        node
        for node in nodes(plan)
        if node.get("Relation Name", "").startswith(vector_schema.TABLE)
    ]
