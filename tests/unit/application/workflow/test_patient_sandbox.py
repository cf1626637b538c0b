"""A sandbox that is busy is asked again, for a while."""

import pytest

from dify_hex.application.shared.code_failures import (
    CodeFailed,
    SandboxBusy,
    SandboxUnavailable,
)
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeProfile
from dify_hex.application.workflow.patient_sandbox import NoSandbox, PatientSandbox
from tests.builders.account import TENANT
from tests.fakes.scripted_sandbox import ScriptedSandbox

EXECUTION = CodeExecution(tenant_id=TENANT, profile=CodeProfile.PYTHON, code="def main(): ...")


async def test_it_is_asked_until_it_has_room() -> None:
    sandbox = ScriptedSandbox([SandboxBusy(retry_after=0.001), SandboxBusy(), {"n": 1}])

    result = await PatientSandbox(sandbox).run(EXECUTION)

    assert result.outputs == {"n": 1}
    assert sandbox.asked == [EXECUTION] * 3


async def test_nobody_waits_for_ever() -> None:
    sandbox = ScriptedSandbox([SandboxBusy(retry_after=0.1)])

    with pytest.raises(SandboxBusy):
        await PatientSandbox(sandbox, longest_wait=0.25).run(EXECUTION)

    # Asked now and every tenth of a second: more often on no machine, less often on a slow one.
    assert 2 <= len(sandbox.asked) <= 3


@pytest.mark.parametrize("error", [SandboxUnavailable(), CodeFailed(error="x")])
async def test_what_may_have_begun_is_not_asked_again(
    error: SandboxUnavailable | CodeFailed,
) -> None:
    sandbox = ScriptedSandbox([error, {"n": 1}])

    with pytest.raises(type(error)):
        await PatientSandbox(sandbox).run(EXECUTION)


async def test_where_there_is_none_no_code_runs() -> None:
    with pytest.raises(SandboxUnavailable):
        await NoSandbox().run(EXECUTION)
