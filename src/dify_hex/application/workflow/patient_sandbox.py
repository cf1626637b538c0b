"""Runs code in the sandbox, and waits for it while it has too much to do."""

import asyncio

from dify_hex.application.shared.code_failures import SandboxBusy, SandboxUnavailable
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeResult, CodeSandbox

#: Seconds for which one execution is offered again; then it fails.
LONGEST_WAIT = 60.0
_SHORTEST_PAUSE = 0.1


class NoSandbox(CodeSandbox):
    """Where there is no sandbox, no code runs."""

    async def run(self, execution: CodeExecution) -> CodeResult:
        """Nothing is run.

        Raises:
            SandboxUnavailable: always.
        """
        del execution
        raise SandboxUnavailable


class PatientSandbox(CodeSandbox):
    """A sandbox that is busy has not begun anything, so that the same may be asked again."""

    def __init__(self, sandbox: CodeSandbox, *, longest_wait: float = LONGEST_WAIT) -> None:
        self._sandbox = sandbox
        self._longest_wait = longest_wait

    async def run(self, execution: CodeExecution) -> CodeResult:
        """What came back.

        Raises:
            SandboxBusy: it was busy for as long as anybody waits.
            DomainError: as the port says.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + self._longest_wait
        while True:
            try:
                return await self._sandbox.run(execution)
            except SandboxBusy as busy:
                pause = max(busy.retry_after or 0.0, _SHORTEST_PAUSE)
                if now() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
