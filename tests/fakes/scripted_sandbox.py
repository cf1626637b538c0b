"""A sandbox as a test has it: what it answers, and what it was asked to run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeOutput,
    CodeResult,
    CodeSandbox,
)
from dify_hex.domain.shared.errors import DomainError


def a_result(outputs: Mapping[str, CodeOutput], stdout: str = "", stderr: str = "") -> CodeResult:
    """What some code gave."""
    return CodeResult(outputs=outputs, stdout=stdout, stderr=stderr, seconds=0.1, memory_bytes=1)


@dataclass(slots=True)
class ScriptedSandbox(CodeSandbox):
    """Gives each execution the next answer, or raises it; the last one for ever."""

    answers: list[Mapping[str, CodeOutput] | CodeResult | DomainError]
    asked: list[CodeExecution] = field(default_factory=list)

    async def run(self, execution: CodeExecution) -> CodeResult:
        """The next answer."""
        self.asked.append(execution)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, DomainError):
            raise answer
        return answer if isinstance(answer, CodeResult) else a_result(answer)
