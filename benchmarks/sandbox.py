"""Code in the sandbox: latency, executions a second, and what they weigh."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.processes import private_bytes, pss_bytes, tree
from benchmarks.sandbox_peers import Snippet, compare
from dify_hex.application.shared.code_sandbox import CodeInput, CodeLimits, CodeProfile
from tests.integration.sandbox.running_sandbox import (
    RunningSandbox,
    another_tenant,
    installed_libraries,
    running_sandbox,
)

_SUM = "def main(a, b):\n    return {'sum': a + b}"
_FRAME = (
    "import pandas as pd\n"
    "def main(rows):\n"
    "    return {'means': pd.DataFrame(rows).groupby('key').value.mean().to_dict()}\n"
)
_FLOODS = {
    "endless executions": "def main():\n    while True: pass\n",
    "callers of executions of 50 ms": (
        "import time\n"
        "def main():\n"
        "    end = time.monotonic() + 0.05\n"
        "    while time.monotonic() < end: pass\n"
        "    return {}\n"
    ),
}
_SCRIPT = "function main({a, b}) { return {sum: a + b}; }"
_TEMPLATE = "{% for row in rows %}{{ row.key|upper }}: {{ row.value }}\n{% endfor %}"
_ROWS = [{"key": "abc"[n % 3], "value": n} for n in range(300)]
_MEANS = {"means": {"a": 148.5, "b": 149.5, "c": 150.5}}
_CALLERS = 16


def measure(options: argparse.Namespace) -> Report:
    """One service with all walls up, its callers in this process."""
    rounds = 200 if options.quick else 1000
    many = 3_000 if options.quick else 50_000
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as name,
        installed_libraries() as libraries,
        running_sandbox(
            Path(name),
            DIFY_HEX_SANDBOX_LIBRARIES=str(libraries),
            DIFY_HEX_LOG_LEVEL="WARNING",
        ) as sandbox,
    ):
        idle = _weight(sandbox)
        walls = len(asyncio.run(sandbox.client.standing())["walls"]["up"])
        figures = asyncio.run(_latencies(sandbox, rounds))
        for flood, code in _FLOODS.items():
            figures.append(asyncio.run(_beside_a_flood(sandbox, rounds // 4, flood, code)))
        figures += asyncio.run(_throughput(sandbox, many))
        figures += _weights(sandbox, idle)
        figures += compare("a sum", Snippet(_SUM, {"a": 1, "b": 2}, {"sum": 3}), rounds // 10)
        frame = Snippet(_FRAME, {"rows": _ROWS}, _MEANS, libraries)
        figures += compare("a frame", frame, max(5, rounds // 100))
    return Report(title=f"Code in the sandbox, {walls} walls up, over its socket", figures=figures)


async def _latencies(sandbox: RunningSandbox, rounds: int) -> list[Figure]:
    python = await _one_after_the_other(sandbox, CodeProfile.PYTHON, _SUM, rounds, a=1, b=2)
    data = await _one_after_the_other(
        sandbox, CodeProfile.PYTHON_DATA, _FRAME, rounds // 4, rows=_ROWS
    )
    script = await _one_after_the_other(
        sandbox, CodeProfile.JAVASCRIPT, _SCRIPT, rounds // 4, a=1, b=2
    )
    template = await _one_after_the_other(
        sandbox, CodeProfile.TEMPLATE, _TEMPLATE, rounds // 4, rows=_ROWS
    )
    return [
        _figure("python, a sum, p50", python, 0.5, 7),
        _figure("python, a sum, p95", python, 0.95),
        _figure("python, a sum, p99", python, 0.99, 25),
        _figure("python-data, means of a frame of 300 rows, p50", data, 0.5, 20),
        _figure("javascript, a sum, p50", script, 0.5),
        _figure("template, 300 rows, p50", template, 0.5),
    ]


async def _one_after_the_other(
    sandbox: RunningSandbox, profile: CodeProfile, code: str, rounds: int, **inputs: CodeInput
) -> list[float]:
    for _ in range(5):
        await sandbox.run(code, profile=profile, **inputs)
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await sandbox.run(code, profile=profile, **inputs)
        took.append(time.perf_counter() - began)
    return took


async def _beside_a_flood(sandbox: RunningSandbox, rounds: int, flood: str, code: str) -> Figure:
    """A patient caller: alone, and while another tenant runs endlessly all that it may."""
    other = another_tenant()
    alone = await _one_after_the_other(sandbox, CodeProfile.PYTHON, _SUM, rounds, a=1, b=2)
    limits = CodeLimits(seconds=60)

    async def run_on() -> None:
        while True:
            await sandbox.run(code, limits=limits)

    flooding = [asyncio.create_task(run_on()) for _ in range(100)]
    await asyncio.sleep(1)
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await sandbox.run(_SUM, tenant=other, a=1, b=2)
        took.append(time.perf_counter() - began)
    for task in flooding:
        task.cancel()
    await asyncio.gather(*flooding, return_exceptions=True)
    ratio = percentile(took, 0.5) / percentile(alone, 0.5)
    note = f"p50 {1000 * percentile(took, 0.5):.1f} ms, p95 {1000 * percentile(took, 0.95):.1f} ms"
    return Figure(
        name=f"beside a tenant with 100 {flood}, p50",
        value=ratio,
        unit="times that alone",
        target=2,
        note=note,
    )


async def _throughput(sandbox: RunningSandbox, many: int) -> list[Figure]:
    """Callers of different tenants, each asking again as soon as it is answered."""
    tenants = [another_tenant() for _ in range(_CALLERS)]
    left = many
    before = await _family_bytes(sandbox)
    middle: Mapping[str, int] = before

    async def call(number: int) -> None:
        nonlocal left, middle
        while left > 0:
            left -= 1
            if left == many * 3 // 4:
                middle = await _family_bytes(sandbox)
            result = await sandbox.run(_SUM, tenant=tenants[number], a=number, b=left)
            assert result.outputs

    began = time.perf_counter()
    await asyncio.gather(*(call(number) for number in range(_CALLERS)))
    seconds = time.perf_counter() - began
    after = await _family_bytes(sandbox)
    grown = sum(after.values()) - sum(middle.values())
    return [
        Figure(
            name=f"executions, {_CALLERS} callers",
            value=many / seconds,
            unit="/s",
            target=150,
            sense="least",
            note="callers included",
        ),
        Figure(
            name=f"memory that {many * 3 // 4:,} executions leave behind",
            value=grown / 1e6,
            unit="MB",
            target=5,
            note="service and zygote, after the first quarter",
        ),
    ]


async def _family_bytes(sandbox: RunningSandbox) -> Mapping[str, int]:
    pid = (await sandbox.client.standing())["profiles"]["python"]["pid"]
    zygote = tree(pid)[1].pid
    return {"service": private_bytes(sandbox.process.pid), "zygote": private_bytes(zygote)}


def _weights(sandbox: RunningSandbox, idle: float) -> list[Figure]:
    return [
        Figure(name="idle, before the first execution", value=idle, unit="MB", note="PSS"),
        Figure(
            name="all four profiles loaded",
            value=_weight(sandbox),
            unit="MB",
            note="PSS, pandas too",
        ),
    ]


def _weight(sandbox: RunningSandbox) -> float:
    return sum(pss_bytes(process.pid) for process in tree(sandbox.process.pid)) / 1e6


def _figure(name: str, took: list[float], part: float, target: float | None = None) -> Figure:
    return Figure(name=name, value=1000 * percentile(took, part), unit="ms", target=target)


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
