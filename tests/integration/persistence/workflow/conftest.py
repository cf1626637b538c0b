"""A database whose runs can be taken over."""

import asyncio

import asyncpg
import pytest

from dify_hex.adapters.persistence.workflow.statements import LEASE_SECONDS


@pytest.fixture
async def settled(pool: asyncpg.Pool) -> None:
    """A server that has just started counts as one that was away, so owners get time to renew."""
    up = await pool.fetchval("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")
    await asyncio.sleep(max(0.0, LEASE_SECONDS + 0.1 - float(up)))
