"""Blocking chat against a model that answers at once, everything recorded, from one API process.

Beside it: what plain httpx gets out of the same model server, with nothing recorded.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass

import httpx
import orjson
import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.load import Load, closed_loop
from benchmarks.processes import cpu_seconds
from benchmarks.stage import Stage, stage
from benchmarks.wire import Address

_AT_LEAST = 150
_CALLERS = (1, 8, 16, 32, 64, 128)
_CALLERS_QUICK = (16, 64)
_CHECKED = 20


@dataclass(slots=True)
class Step:
    """What so many callers got."""

    callers: int
    load: Load
    cpu_per_chat: float


def measure(options: argparse.Namespace) -> Report:
    """Raise the number of callers, and keep the best."""
    seconds = 5.0 if options.quick else 15.0
    with stage() as product:
        steps = [
            _step(product, callers, seconds)
            for callers in (_CALLERS_QUICK if options.quick else _CALLERS)
        ]
        _check_recorded(product)
        direct = uvloop.run(_plain_httpx(product.model, callers=32, seconds=seconds))
    best = max(steps, key=lambda step: step.load.per_second)
    return Report(
        title="Blocking chat, model without delay, one API process",
        figures=(
            Figure(
                name="chats, at the most",
                value=best.load.per_second,
                unit="/s",
                target=_AT_LEAST,
                sense="least",
                note=f"{best.callers} callers",
            ),
            *(
                Figure(
                    name=f"with {step.callers} callers",
                    value=step.load.per_second,
                    unit="/s",
                    note=f"p50 {step.load.milliseconds(0.5):.0f} ms, "
                    f"p99 {step.load.milliseconds(0.99):.0f} ms",
                )
                for step in steps
            ),
            Figure(name="API CPU per chat", value=1000 * best.cpu_per_chat, unit="ms"),
            Figure(
                name="plain httpx to the model", value=direct, unit="/s", note="nothing recorded"
            ),
        ),
    )


def _step(product: Stage, callers: int, seconds: float) -> Step:
    request = product.message("Hello", "blocking")
    before = cpu_seconds(product.api_pid)
    load = uvloop.run(
        closed_loop(product.address, lambda: request, callers=callers, seconds=seconds)
    )
    cpu = cpu_seconds(product.api_pid) - before
    assert not load.refused, (load.refused, load.sample)
    # A second of warming up is in the CPU time, and not among the answers.
    return Step(callers, load, cpu * seconds / (seconds + 1) / len(load.latencies))


def _check_recorded(product: Stage) -> None:
    """What was answered is stored: run, message and answer."""
    runs = product.owner.get("/v1/workflow-runs", params={"limit": _CHECKED}).json()["data"]
    assert len(runs) == _CHECKED
    for run in runs:
        assert run["status"] == "succeeded", run
        message = product.owner.get(f"/v1/messages/{run['message_id']}").json()["data"]
        assert message["status"] == "succeeded", message
        assert message["answer"].split(), message


async def _plain_httpx(model: Address, *, callers: int, seconds: float) -> float:
    """Calls a second that one process makes with httpx alone."""
    body = orjson.dumps(
        {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    )
    answered = 0
    until = time.perf_counter() + seconds

    async def call(client: httpx.AsyncClient) -> None:
        nonlocal answered
        while time.perf_counter() < until:
            async with client.stream("POST", "/v1/chat/completions", content=body) as answer:
                async for _ in answer.aiter_bytes():
                    pass
            answered += 1

    limits = httpx.Limits(max_connections=callers, max_keepalive_connections=callers)
    url = f"http://{model.host}:{model.port}"
    async with httpx.AsyncClient(base_url=url, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(call(client) for _ in range(callers)))
    return answered / seconds


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
