"""A commit whose answer is lost: what became of it is found out, so that nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence import doubt
from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.idempotency import SqlIdempotencyStore
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.application.shared.idempotency import Claim, IdempotencyInProgress
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId
from tests.builders.stored_runs import Runs
from tests.conformance.idempotency import key_of
from tests.conformance.notes import Note
from tests.fakes.cuttable_proxy import CuttableProxy
from tests.fakes.servers import RunningServers
from tests.integration.persistence.sample_slice import NoteWork, SqlNoteReader
from tests.integration.persistence.test_outage import address_of, url_through

pytestmark = pytest.mark.usefixtures("notes")

SETTINGS = PoolSettings(application_name="lost commits", size=3, command_timeout=1.0)
COMMIT = b"COMMIT"


@pytest.fixture
async def proxy(database: RunningServers) -> AsyncIterator[CuttableProxy]:
    async with CuttableProxy(address_of(database.database_url)) as proxy:
        yield proxy


@pytest.fixture
async def cut_engine(database: RunningServers, proxy: CuttableProxy) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(url_through(database.database_url, proxy), SETTINGS)
    yield engine
    await engine.dispose()


@pytest.fixture
async def cut_store(
    database: RunningServers, proxy: CuttableProxy
) -> AsyncIterator[SqlIdempotencyStore]:
    async with make_pool(url_through(database.database_url, proxy), SETTINGS) as pool:
        yield SqlIdempotencyStore(pool)


@asynccontextmanager
async def outage_at_the_commit(proxy: CuttableProxy, *, heard: bool) -> AsyncIterator[None]:
    """The server goes away at the next commit, and is back a moment later."""

    async def come_back() -> None:
        await proxy.has_cut.wait()
        await asyncio.sleep(0.3)
        await proxy.restore()

    proxy.cut_at(COMMIT, heard=heard)
    back = asyncio.create_task(come_back())
    yield
    await back


async def store_note(engine: AsyncEngine, tenant_id: TenantId, title: str) -> None:
    async with NoteWork(engine, tenant_id) as work:
        work.notes.add(Note.create(id=uuid4(), tenant_id=tenant_id, title=title))
        await work.commit()


async def titles(engine: AsyncEngine, tenant_id: TenantId) -> list[str]:
    return list(await SqlNoteReader(tenant_reads(engine)).titles(tenant_id))


async def test_what_was_committed_is_a_success_though_the_answer_was_lost(
    proxy: CuttableProxy, cut_engine: AsyncEngine, tenant_id: TenantId
) -> None:
    async with outage_at_the_commit(proxy, heard=True):
        await store_note(cut_engine, tenant_id, "kept")

    assert await titles(cut_engine, tenant_id) == ["kept"]


async def test_a_run_that_was_committed_is_begun_though_the_answer_was_lost(
    proxy: CuttableProxy,
    cut_engine: AsyncEngine,
    pool: asyncpg.Pool,
    system_pool: asyncpg.Pool,
    tenant_id: TenantId,
) -> None:
    runs = Runs(cut_engine, pool, system_pool)
    async with outage_at_the_commit(proxy, heard=True):
        lease = await runs.born(tenant_id)

    assert not (await runs.control.get(tenant_id, lease.run_id)).background


async def test_what_never_arrived_is_unavailable_and_not_there(
    proxy: CuttableProxy, cut_engine: AsyncEngine, tenant_id: TenantId
) -> None:
    async with outage_at_the_commit(proxy, heard=False):
        with pytest.raises(Unavailable):
            await store_note(cut_engine, tenant_id, "lost")

    assert await titles(cut_engine, tenant_id) == []
    await asyncio.gather(*[store_note(cut_engine, tenant_id, f"{n}") for n in range(3)])


async def test_a_server_that_does_not_come_back_is_not_waited_for_for_ever(
    proxy: CuttableProxy,
    cut_engine: AsyncEngine,
    tenant_id: TenantId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doubt, "PATIENCE", 0.1)
    proxy.cut_at(COMMIT, heard=True)

    with pytest.raises(Unavailable) as caught:
        await store_note(cut_engine, tenant_id, "unknown")
    assert caught.value.details == {"dependency": "database"}


async def test_a_claim_that_was_committed_is_held_though_the_answer_was_lost(
    proxy: CuttableProxy, cut_store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    async with outage_at_the_commit(proxy, heard=True):
        claim = await cut_store.claim(key_of(tenant_id))

    assert isinstance(claim, Claim)
    with pytest.raises(IdempotencyInProgress):
        await cut_store.claim(key_of(tenant_id))
    await cut_store.release(claim)
    assert isinstance(await cut_store.claim(key_of(tenant_id)), Claim)


async def test_a_claim_that_never_arrived_leaves_the_key_free(
    proxy: CuttableProxy, cut_store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    async with outage_at_the_commit(proxy, heard=False):
        with pytest.raises(Unavailable):
            await cut_store.claim(key_of(tenant_id))

    assert isinstance(await cut_store.claim(key_of(tenant_id)), Claim)
