"""What the doctor asks the database, Redis and the model server."""

import asyncpg
from pydantic import SecretStr

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn
from dify_hex.adapters.persistence.knowledge.vector_preparation import vectors_are_kept
from dify_hex.adapters.persistence.knowledge.vector_schema import EXTENSION_VERSION
from dify_hex.bootstrap.connections import redis_client
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.finding import Finding, doubtful, failed, well
from dify_hex.bootstrap.http_clients import http_client
from dify_hex.bootstrap.schema import current_is_head, head_revision
from dify_hex.bootstrap.settings import PoolSettings, Settings

POSTGRES_FLOOR = 150000
REDIS_FLOOR = (7, 0)
VALKEY_FLOOR = (8, 0)

_LOGIN = """
SELECT current_user AS name, me.rolsuper, me.rolbypassrls,
       pg_has_role(database.datdba, 'MEMBER') AS owns_database,
       EXISTS (SELECT FROM pg_class WHERE relowner = me.oid) AS owns_objects
  FROM pg_roles AS me, pg_database AS database
 WHERE me.rolname = current_user AND database.datname = current_database()
"""
_DEMO = (
    "the built-in model: a tiny English one, for demonstration only. Plug in a real one with "
    "`dify-hex models add openai --api-key-stdin`"
)


async def examine_database(endpoints: Endpoints) -> list[Finding]:
    """Version, schema, and that the two logins that serve are held by the tenant wall."""
    url = endpoints.database_url.get_secret_value()
    connection = await asyncpg.connect(driver_dsn(url), timeout=CONNECT_TIMEOUT)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        version = await connection.fetchval("SHOW server_version")
        findings = [
            _postgres_version(number, version),
            await _login("DATABASE_URL", connection),
            await _vectors(connection),
        ]
    finally:
        await connection.close()
    system = endpoints.database_system_url.get_secret_value()
    second = await asyncpg.connect(driver_dsn(system), timeout=CONNECT_TIMEOUT)
    try:
        findings.append(await _login("DATABASE_SYSTEM_URL", second))
    finally:
        await second.close()
    if await current_is_head(url):
        return [*findings, well("migrations", f"at {head_revision()}")]
    advice = "run `dify-hex migrate`"
    return [*findings, failed("migrations", f"the schema is not at {head_revision()}", advice)]


async def examine_redis(url: SecretStr) -> list[Finding]:
    """Version, and that nothing it holds vanishes by itself."""
    client = redis_client(url, PoolSettings(redis_connections=1))
    try:
        info = await client.info()
        findings = [_redis_version(info)]
        policy = str(info.get("maxmemory_policy", "noeviction"))
        if policy != "noeviction":
            advice = "set maxmemory-policy to noeviction: events of runs would vanish"
            findings.append(failed("redis memory", f"evicts keys by {policy}", advice))
        if int(info.get("aof_enabled", 0)) != 1:
            advice = "set appendonly to yes: queued work survives a restart of Redis then"
            findings.append(doubtful("redis durability", "keeps no append-only file", advice))
    finally:
        await client.aclose()
    return findings


async def examine_model(endpoints: Endpoints, settings: Settings) -> list[Finding]:
    """Whether a model answers, and which."""
    url = endpoints.model_url
    if url is None:
        advice = "start `dify-hex up`, or set DIFY_HEX_MODEL_URL"
        return [doubtful("model", "no model server runs on this machine", advice)]
    key = endpoints.model_api_key
    headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    async with http_client(PoolSettings()) as client:
        answer = await client.get(f"{url.rstrip('/')}/models", headers=headers, timeout=5)
    if answer.status_code != 200:
        advice = "see DIFY_HEX_MODEL_URL and DIFY_HEX_MODEL_API_KEY"
        return [failed("model", f"{url} answers {answer.status_code}", advice)]
    if settings.model.url is None:
        return [well("model", _DEMO)]
    return [well("model", f"{url} answers")]


async def _vectors(connection: asyncpg.Connection) -> Finding:
    if await vectors_are_kept(connection):
        version = await connection.fetchval(EXTENSION_VERSION)
        return well("vectors", f"kept by pgvector {version}")
    advice = (
        "install pgvector 0.8 or newer, run `CREATE EXTENSION vector` in the database as its "
        "superuser, then `dify-hex migrate`"
    )
    return doubtful("vectors", "Knowledge is searched by words only", advice)


def _postgres_version(number: int, version: str) -> Finding:
    if number < POSTGRES_FLOOR:
        return failed("database", f"PostgreSQL {version}", "upgrade it to 15 or newer")
    return well("database", f"PostgreSQL {version}")


async def _login(variable: str, connection: asyncpg.Connection) -> Finding:
    row = await connection.fetchrow(_LOGIN)
    faults = {
        "is a superuser": row["rolsuper"],
        "bypasses row-level security": row["rolbypassrls"],
        "owns the database": row["owns_database"] and not row["rolsuper"],
        "owns tables": row["owns_objects"],
    }
    found = [fault for fault, is_there in faults.items() if is_there]
    if found:
        return failed(
            variable,
            f"{row['name']} {' and '.join(found)}: tenants would not be walled off",
            f"use a login of its own in {variable}; as the server's superuser, "
            "`python -m dify_hex.bootstrap.database_preparation` makes one",
        )
    return well(variable, f"{row['name']} is held by row-level security")


def _redis_version(info: dict[str, str]) -> Finding:
    is_valkey = info.get("server_name") == "valkey"
    version = str(info["valkey_version"] if is_valkey else info["redis_version"])
    name, floor = ("Valkey", VALKEY_FLOOR) if is_valkey else ("Redis", REDIS_FLOOR)
    if tuple(int(part) for part in version.split(".")[:2]) < floor:
        return failed("redis", f"{name} {version}", f"upgrade it to {floor[0]}.{floor[1]} or newer")
    return well("redis", f"{name} {version}")
