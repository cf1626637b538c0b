"""The sandbox that `dify-hex up` runs: there, shown, and back at once when it is killed."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_failures import SandboxUnavailable
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeProfile, CodeResult
from dify_hex.application.shared.telemetry import SilentTelemetry
from tests.builders.account import TENANT
from tests.e2e.product import Product, running_product

pytestmark = pytest.mark.kill

#: Seconds in which a killed sandbox has to be back.
BACK_WITHIN = 2.0


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """Everything, as a person starts it."""
    with running_product() as running:
        yield running


async def run(product: Product, code: str) -> CodeResult:
    """Run code as API and worker do."""
    parts = json.loads((product.home / "run" / "parts.json").read_text())
    client = SandboxClient(ServiceAddress.parse(parts["sandbox_url"]), SilentTelemetry())
    execution = CodeExecution(tenant_id=TENANT, profile=CodeProfile.PYTHON, code=code)
    return await client.run(execution)


def test_it_runs_code_without_a_secret_of_ours(product: Product) -> None:
    code = "import os\ndef main(): return {'environment': list(os.environ.values())}"

    result = asyncio.run(run(product, code))

    assert result.outputs == {"environment": ["C.UTF-8", "1", "1"]}
    (service,) = product.children("bootstrap.cli sandbox")
    shown = service.environ()
    assert not [name for name in shown if name.startswith(("DATABASE", "REDIS"))]


def test_its_walls_are_shown(product: Product) -> None:
    report = httpx.get(f"{product.url}/health/deep").json()["checks"]["sandbox"]
    assert report["status"] == "ok"
    assert {"seccomp", "landlock", "rlimits"} <= set(report["details"]["walls"])

    assert "walls stand" in product.command("doctor")


def test_it_is_back_at_once_after_it_was_killed(product: Product) -> None:
    async def kill_meanwhile() -> float:
        running = asyncio.create_task(run(product, "def main():\n    while True: pass"))
        await asyncio.sleep(1)
        (service,) = product.children("bootstrap.cli sandbox")
        family = service.children(recursive=True)
        service.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        with pytest.raises(SandboxUnavailable):
            await running
        while True:
            try:
                await run(product, "def main(): return {}")
            except SandboxUnavailable:
                await asyncio.sleep(0.02)
            else:
                break
        took = time.monotonic() - killed
        assert not psutil.wait_procs(family, 2)[1]
        return took

    assert asyncio.run(kill_meanwhile()) < BACK_WITHIN
