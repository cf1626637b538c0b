"""ARQ's jobs as JSON, in place of pickle: what comes out of Redis can do nothing but be read."""

from typing import Any

import orjson
from arq.connections import ArqRedis
from redis.asyncio import Redis


def dump(job: dict[str, Any]) -> bytes:
    """A job, or what came of it; an error is told by its name."""
    return orjson.dumps(job, default=_described)


def load(content: bytes) -> dict[str, Any]:
    """A job.

    Raises:
        ValueError: it is no JSON object.
    """
    job = orjson.loads(content)
    if not isinstance(job, dict):
        raise ValueError("a job is a JSON object")  # noqa: TRY004 - bad content, whatever its type
    return job


def arq_client(redis: Redis) -> ArqRedis:
    """ARQ's client on the connections of another one."""
    return ArqRedis(redis.connection_pool, job_serializer=dump, job_deserializer=load)


def _described(value: object) -> str:
    return type(value).__name__
