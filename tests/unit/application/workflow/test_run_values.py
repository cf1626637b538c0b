"""Large values of runs, in a storage that may be away."""

import json
from hashlib import sha256

import pytest

from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow import run_values
from dify_hex.application.workflow.large_values import LIMIT, MARK
from dify_hex.application.workflow.records import JournalRow
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import RunValueMissing
from tests.builders.workflow import NOW
from tests.fakes.memory_storage import MemoryBlobStorage

LONG = "long " * (LIMIT // 4)
ENCODED = json.dumps(LONG).encode()
DIGEST = sha256(ENCODED).hexdigest()
TENANT, RUN = TenantId(new_id()), WorkflowRunId(new_id())
REFERENCE: JsonValue = {MARK: {"sha256": DIGEST, "size": len(ENCODED)}}


class Flaky(MemoryBlobStorage):
    """Refuses so many times."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    async def put(self, key: str, content: bytes) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StorageUnavailable(dependency="storage")
        await super().put(key, content)


class Hanging(MemoryBlobStorage):
    """Never answers in time."""

    async def get(self, key: str) -> bytes:
        raise TimeoutError


def row(payload: object) -> JournalRow:
    return JournalRow(
        tenant_id=TENANT,
        run_id=RUN,
        seq=1,
        token=1,
        type="node.succeeded",
        payload=json.dumps(payload),
        at=NOW,
    )


async def test_a_value_lies_below_its_run_by_its_hash() -> None:
    blobs = MemoryBlobStorage()

    await RunValues(blobs).keep_first([row({"outputs": {"text": LONG}})])

    assert blobs.blobs == {f"t/{TENANT}/runs/{RUN}/{DIGEST}": ENCODED}


async def test_rows_come_back_as_they_were() -> None:
    values = RunValues(MemoryBlobStorage())
    rows = [row({"outputs": {"text": LONG}}), row({"outputs": {}})]
    kept = await values.keep_first(rows)

    whole = await values.put_back(kept)

    assert len(kept[0].payload) < 500
    assert [json.loads(each.payload) for each in whole] == [
        json.loads(each.payload) for each in rows
    ]


async def test_rows_without_large_values_need_no_storage() -> None:
    rows = [row({"outputs": {"text": "short"}})]

    assert await RunValues(Hanging()).put_back(rows) is rows


@pytest.mark.parametrize("content", [None, b'"something else"'])
async def test_a_value_that_is_gone_or_altered_is_an_error(content: bytes | None) -> None:
    blobs = MemoryBlobStorage()
    kept = await RunValues(blobs).keep_first([row({"outputs": {"text": LONG}})])
    blobs.blobs.clear()
    if content is not None:
        blobs.blobs[f"t/{TENANT}/runs/{RUN}/{DIGEST}"] = content

    with pytest.raises(RunValueMissing) as raised:
        await RunValues(blobs).put_back(kept)
    assert raised.value.details == {"sha256": DIGEST}


async def test_the_value_of_another_run_is_not_found() -> None:
    values = RunValues(MemoryBlobStorage())
    kept = await values.keep_first([row({"outputs": {"text": LONG}})])

    with pytest.raises(RunValueMissing):
        await values.put_back([kept[0]._replace(run_id=WorkflowRunId(new_id()))])


async def test_what_is_no_hash_is_not_looked_for() -> None:
    with pytest.raises(RunValueMissing):
        await RunValues(MemoryBlobStorage()).content(TENANT, RUN, "../other")


async def test_a_storage_that_is_away_is_tried_again() -> None:
    blobs = Flaky(refusals=2)

    await RunValues(blobs).keep(TENANT, RUN, {DIGEST: ENCODED})

    assert list(blobs.blobs.values()) == [ENCODED]


async def test_a_storage_that_stays_away_is_told_in_the_end() -> None:
    with pytest.raises(StorageUnavailable):
        await RunValues(Flaky(refusals=9), patience=0).keep(TENANT, RUN, {DIGEST: ENCODED})


async def test_a_storage_that_does_not_answer_counts_as_away() -> None:
    kept = await RunValues(MemoryBlobStorage()).keep_first([row({"outputs": {"text": LONG}})])

    with pytest.raises(StorageUnavailable):
        await RunValues(Hanging()).put_back(kept)


class TestShowing:
    async def test_values_are_shown_whole(self) -> None:
        values = RunValues(MemoryBlobStorage())
        await values.keep(TENANT, RUN, {DIGEST: ENCODED})

        shown = await values.shown(TENANT, RUN, {"text": REFERENCE, "n": 1})

        assert shown == {"text": LONG, "n": 1}

    async def test_what_names_nothing_is_shown_as_it_is(self) -> None:
        values = RunValues(MemoryBlobStorage())
        odd: JsonObject = {"a": {MARK: "x"}, "b": {MARK: {"sha256": 1}}, "c": {"d": 1}}

        assert await values.shown(TENANT, RUN, None) is None
        assert await values.shown(TENANT, RUN, odd) is odd

    async def test_what_is_gone_or_too_large_is_shown_as_a_reference(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        values = RunValues(MemoryBlobStorage())

        assert await values.shown(TENANT, RUN, {"text": REFERENCE}) == {"text": REFERENCE}
        await values.keep(TENANT, RUN, {DIGEST: ENCODED})
        monkeypatch.setattr(run_values, "SHOWN_WHOLE", 10)
        assert await values.shown(TENANT, RUN, {"text": REFERENCE}) == {"text": REFERENCE}
