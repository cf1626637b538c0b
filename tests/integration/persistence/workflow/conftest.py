"""A database whose runs can be taken over."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.workflow.statements import LEASE_SECONDS
from tests.builders.stored_runs import Runs


@pytest.fixture
async def settled(pool: asyncpg.Pool) -> None:
    """A server that has just started counts as one that was away, so owners get time to renew."""
    up = await pool.fetchval("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")
    await asyncio.sleep(max(0.0, LEASE_SECONDS + 0.1 - float(up)))


@pytest.fixture
def runs(engine: AsyncEngine, pool: asyncpg.Pool, system_pool: asyncpg.Pool) -> Runs:
    """Runs on this database."""
    return Runs(engine, pool, system_pool)
