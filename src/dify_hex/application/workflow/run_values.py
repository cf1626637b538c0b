"""Keeps the large values of runs in object storage, beside the journal that names them."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from dify_hex.application.shared.blob_storage import BlobNotFound, BlobStorage, StorageUnavailable
from dify_hex.application.workflow.large_values import (
    digests_in,
    reference_of,
    row_with,
    spill,
)
from dify_hex.application.workflow.records import JournalRow
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import RunValueMissing

#: Seconds for which a run waits for a storage that is away, before it is left to another owner.
PATIENCE = 300.0
#: Between tries, in seconds.
RETRY_FIRST, RETRY_MOST = 0.05, 2.0
#: Seconds in which a value has to come; leases of runs that are loaded do not last much longer.
FETCH_TIMEOUT = 4.0
#: Bytes of values that are put into an answer which shows a run; beyond, references are shown.
SHOWN_WHOLE = 16 << 20
#: Values that travel at the same time.
_UNDER_WAY = 8
_DIGEST = re.compile("[0-9a-f]{64}")


class RunValues:
    """Values lie under the run that they are of, by their hash: the same value lies there once.

    What is named in a journal is only looked for below its own run, and believed only when its
    hash is right.
    """

    def __init__(self, blobs: BlobStorage, *, patience: float = PATIENCE) -> None:
        self._blobs = blobs
        self._patience = patience

    async def keep(
        self, tenant_id: TenantId, run_id: WorkflowRunId, contents: Mapping[str, bytes]
    ) -> None:
        """Store values of a run that is under way; a storage that is away is tried for a while.

        Raises:
            StorageUnavailable: it stayed away.
        """
        loop = asyncio.get_running_loop()
        until, wait = loop.time() + self._patience, RETRY_FIRST
        for digest, content in contents.items():
            while True:
                try:
                    await self._blobs.put(_key(tenant_id, run_id, digest), content)
                    break
                except StorageUnavailable:
                    if loop.time() + wait > until:
                        raise
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_MOST)

    async def keep_first(self, rows: Sequence[JournalRow]) -> Sequence[JournalRow]:
        """The rows that a run is born with, once their large values are stored.

        Raises:
            StorageUnavailable: the storage is away; somebody waits for the run to begin.
        """
        kept = list[JournalRow]()
        for row in rows:
            spilled = spill(row.payload)
            for digest, content in spilled.contents.items():
                await self._blobs.put(_key(row.tenant_id, row.run_id, digest), content)
            kept.append(row._replace(payload=spilled.payload) if spilled.contents else row)
        return kept

    async def put_back(self, rows: Sequence[JournalRow]) -> Sequence[JournalRow]:
        """The rows of one run with all of their values.

        Raises:
            RunValueMissing: a value is gone, or is not what was kept.
            StorageUnavailable: the storage is away.
        """
        wanted = frozenset[str]().union(*(digests_in(row.payload) for row in rows))
        if not wanted:
            return rows
        contents = await self._fetch(rows[0].tenant_id, rows[0].run_id, wanted)
        return [row_with(row, contents) for row in rows]

    async def shown(
        self, tenant_id: TenantId, run_id: WorkflowRunId, values: JsonObject | None
    ) -> JsonObject | None:
        """Values of a run as they are shown: whole, unless they are too large or gone."""
        references = {
            name: reference
            for name, value in (values or {}).items()
            if (reference := reference_of(value)) is not None
        }
        if values is None or not references:
            return values
        if sum(size for _, size in references.values()) > SHOWN_WHOLE:
            return values
        try:
            digests = frozenset(digest for digest, _ in references.values())
            contents = await self._fetch(tenant_id, run_id, digests)
        except RunValueMissing:
            return values
        whole = {name: json.loads(contents[digest]) for name, (digest, _) in references.items()}
        return {**values, **whole}

    async def content(self, tenant_id: TenantId, run_id: WorkflowRunId, digest: str) -> bytes:
        """One value, as JSON.

        Raises:
            RunValueMissing: the run has no such value, it is gone, or is not what was kept.
            StorageUnavailable: the storage is away.
        """
        if _DIGEST.fullmatch(digest) is None:
            raise RunValueMissing(sha256=digest)
        try:
            content = await self._blobs.get(_key(tenant_id, run_id, digest))
        except BlobNotFound:
            raise RunValueMissing(sha256=digest) from None
        if sha256(content).hexdigest() != digest:
            raise RunValueMissing(sha256=digest)
        return content

    async def forget(self, runs: Iterable[tuple[TenantId, WorkflowRunId]]) -> None:
        """Remove all values of the runs; none is fine.

        Raises:
            StorageUnavailable: the storage is away; some values may be gone.
        """
        limit = asyncio.Semaphore(_UNDER_WAY)

        async def remove(tenant_id: TenantId, run_id: WorkflowRunId) -> None:
            async with limit:
                await self._blobs.delete(_prefix(tenant_id, run_id))

        await asyncio.gather(*(remove(*run) for run in runs))

    async def _fetch(
        self, tenant_id: TenantId, run_id: WorkflowRunId, digests: frozenset[str]
    ) -> Mapping[str, bytes]:
        limit = asyncio.Semaphore(_UNDER_WAY)

        async def fetch(digest: str) -> bytes:
            async with limit, asyncio.timeout(FETCH_TIMEOUT):
                return await self.content(tenant_id, run_id, digest)

        wanted = sorted(digests)
        try:
            contents = await asyncio.gather(*map(fetch, wanted))
        except TimeoutError as error:
            raise StorageUnavailable(dependency="storage") from error
        return dict(zip(wanted, contents, strict=True))


def _prefix(tenant_id: TenantId, run_id: WorkflowRunId) -> str:
    return f"t/{tenant_id}/runs/{run_id}"


def _key(tenant_id: TenantId, run_id: WorkflowRunId, digest: str) -> str:
    return f"{_prefix(tenant_id, run_id)}/{digest}"
