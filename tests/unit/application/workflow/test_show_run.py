"""A run as it is shown: its large values in their places, and each of them by itself."""

import json
from hashlib import sha256

import pytest

from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.show_run import ReadRunValue, ShowRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.workflow.errors import RunValueMissing
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.app import actor
from tests.builders.recorded_runs import RecordedRuns


async def begun(house: RecordedRuns) -> BegunRun:
    return await house.run(await house.published(), response=Delivery.BACKGROUND)


async def test_a_run_is_shown_with_what_it_began_with() -> None:
    house = RecordedRuns()
    run = await begun(house)

    shown = await ShowRun(runs=house.reader, values=house.values).execute(house.editor, run.run_id)

    assert (shown.status, shown.inputs, shown.outputs) == (
        RunStatus.PENDING,
        {"name": "Ann"},
        None,
    )


async def test_a_large_value_is_read_by_its_hash_and_no_other_is_there() -> None:
    house = RecordedRuns()
    run = await begun(house)
    content = json.dumps("long").encode()
    digest = sha256(content).hexdigest()
    use_case = ReadRunValue(runs=house.reader, values=house.values)

    with pytest.raises(RunValueMissing):
        await use_case.execute(house.editor, run.run_id, digest)

    await house.values.keep(house.editor.tenant_id, run.run_id, {digest: content})
    assert await use_case.execute(house.editor, run.run_id, digest) == content


async def test_runs_and_their_values_are_for_those_who_may_read_them() -> None:
    house = RecordedRuns()
    run = await begun(house)
    stranger = actor(Permission.APP_RUN)

    with pytest.raises(PermissionDenied):
        await ShowRun(runs=house.reader, values=house.values).execute(stranger, run.run_id)
    with pytest.raises(PermissionDenied):
        await ReadRunValue(runs=house.reader, values=house.values).execute(
            stranger, run.run_id, "0" * 64
        )
