"""The sandbox service as a process of its own, and short words for running code in it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from dify_hex.adapters.embedded.service_user import ServiceUser
from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeInput,
    CodeLimits,
    CodeProfile,
    CodeResult,
    OutputType,
)
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.domain.shared.ids import TenantId
from tests.fakes.interpreter import interpreter_for
from tests.integration.sandbox.attack import SECRET

TENANT = TenantId(UUID(int=1))
QUICK = CodeLimits(seconds=4)
_START_LIMIT = 20.0


@dataclass(slots=True, kw_only=True)
class RunningSandbox:
    """One service and a client of it."""

    process: subprocess.Popen[bytes]
    address: ServiceAddress
    client: SandboxClient

    async def run(
        self,
        code: str,
        *,
        profile: CodeProfile = CodeProfile.PYTHON,
        outputs: Mapping[str, OutputType] | None = None,
        limits: CodeLimits = QUICK,
        tenant: TenantId = TENANT,
        **inputs: CodeInput,
    ) -> CodeResult:
        """Run code, and give its result or raise why there is none."""
        execution = CodeExecution(
            tenant_id=tenant,
            profile=profile,
            code=code,
            inputs=inputs,
            outputs=outputs or {},
            limits=limits,
        )
        return await self.client.run(execution)

    def zygote(self, profile: str = "python") -> int:
        """The number of the profile's zygote process."""
        standing = asyncio.run(self.client.standing())
        return int(standing["profiles"][profile]["pid"])


@contextmanager
def running_sandbox(
    folder: Path,
    user: ServiceUser | None = None,
    before: Sequence[str] = (),
    **variables: str,
) -> Iterator[RunningSandbox]:
    """A service with its own folder, run by ourselves or another user."""
    path = folder / "sandbox.sock"
    process = start(folder, user, before, **variables)
    try:
        yield RunningSandbox(
            process=process,
            address=ServiceAddress(path=str(path)),
            client=SandboxClient(ServiceAddress(path=str(path)), SilentTelemetry()),
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def start(
    folder: Path,
    user: ServiceUser | None = None,
    before: Sequence[str] = (),
    **variables: str,
) -> subprocess.Popen[bytes]:
    """Start a service, by another command where `before` names one; return when it listens."""
    path = folder / "sandbox.sock"
    path.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*before, interpreter_for(user), "-P", "-m", "dify_hex.bootstrap.cli", "sandbox"],
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        env={
            "PATH": os.environ["PATH"],
            "DIFY_HEX_HOME": str(folder),
            "DIFY_HEX_SANDBOX_LISTEN": f"unix://{path}",
            "DATABASE_URL": SECRET,
            **variables,
        },
    )
    wait_until_it_listens(process, path)
    return process


def wait_until_it_listens(process: subprocess.Popen[bytes], path: Path) -> None:
    """Return when somebody accepts connections."""
    end = time.monotonic() + _START_LIMIT
    while time.monotonic() < end:
        assert process.poll() is None, "the sandbox ended"
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                time.sleep(0.02)
            else:
                return
    raise AssertionError("the sandbox does not listen")


def another_tenant() -> TenantId:
    """A tenant that nobody else is."""
    return TenantId(uuid4())


@contextmanager
def installed_libraries() -> Iterator[Path]:
    """NumPy and pandas as an operator installs them: in a folder of their own, not in /tmp."""
    installed = Path(np.__file__).parents[1]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("numpy", "numpy.libs", "pandas", "pandas.libs", "dateutil", "tzdata"):
            if (installed / part).is_dir():
                ignored = shutil.ignore_patterns("tests")
                shutil.copytree(installed / part, folder / part, ignore=ignored)
        shutil.copy(installed / "six.py", folder)
        yield folder
