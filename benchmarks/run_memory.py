"""What the process that executes runs weighs after very many of them, all recorded.

Everything but HTTP is as in an API process: the object graph, PostgreSQL, Valkey, the loops. So
100,000 runs take minutes, and what grows is the engine's doing.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.processes import private_bytes
from dify_hex.application.account.founding import Founder
from dify_hex.application.app.create_app import CreateAppCommand
from dify_hex.application.app.publish_app import PublishAppCommand
from dify_hex.application.app.run_workflow import RunWorkflow, RunWorkflowCommand
from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.bootstrap.assembly import make_container
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.lifespan import run_loops, running
from dify_hex.bootstrap.migrate import migrate
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import AppId, EndUserName
from tests.builders.flow import Json, taking, workflow
from tests.contract.running_api import settings_for
from tests.fakes.servers import start_servers

_FIRST, _IN_ALL, _IN_ALL_QUICK = 1000, 100_000, 10_000
_MAY_GROW = 5.0
_AT_A_TIME = 16
#: Parts of the whole after which it is weighed as well, to tell growth from warming up.
_LOOKS = 8
#: Seconds in which the process comes to rest.
_SETTLING = 1.0

TEXT: Json = {"variable": "text", "type": "text-input"}
ECHO: Json = {
    "id": "echo",
    "type": "template-transform",
    "config": {
        "template": "{{ text }}.",
        "variables": [{"variable": "text", "value_selector": ["start", "text"]}],
    },
}
END: Json = {
    "id": "end",
    "type": "end",
    "config": {"run_outputs": [{"variable": "text", "value_selector": ["echo", "output"]}]},
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """Bytes of the process's own, after so many runs."""

    runs: int
    memory: int


def measure(options: argparse.Namespace) -> Report:
    """Run very many, and weigh the process from time to time."""
    runs = _IN_ALL_QUICK if options.quick else _IN_ALL
    with start_servers() as servers, TemporaryDirectory() as home:
        asyncio.run(migrate(servers.admin_url))
        settings = settings_for(servers, Path(home), "http://127.0.0.1:9/v1")
        began = time.perf_counter()
        weighed = uvloop.run(_weighed(make_container(settings, "api"), runs))
        took = time.perf_counter() - began
    first, last = weighed[0].memory, weighed[-1].memory
    between = ", ".join(f"{each.memory / 1e6:.1f}" for each in weighed[1:-1])
    return Report(
        title="Memory of the engine's process, recorded runs",
        figures=(
            Figure(
                name=f"after {runs:,} runs, against after the first {_FIRST:,}",
                value=100 * (last - first) / first,
                unit="% more",
                target=_MAY_GROW,
                note=f"{first / 1e6:.1f} MB, then {between}, and {last / 1e6:.1f} MB; "
                f"{runs / took:,.0f} runs/s",
            ),
        ),
    )


async def _weighed(container: Container, runs: int) -> Sequence[Weighed]:
    async with running(container, run_loops(container)):
        actor = await _founded(container)
        app_id = await _published(container, actor)
        execute = container.app_runs().run_workflow()
        rest = runs - _FIRST
        marks = [_FIRST, *(_FIRST + rest * part // _LOOKS for part in range(1, _LOOKS + 1))]
        done, weighed = 0, list[Weighed]()
        for mark in marks:
            await _run_many(execute, actor, app_id, mark - done)
            done = mark
            await asyncio.sleep(_SETTLING)
            gc.collect()
            weighed.append(Weighed(done, private_bytes(os.getpid())))
            sys.stderr.write(f"{done:,} runs: {weighed[-1].memory / 1e6:.1f} MB\n")
        return weighed


async def _founded(container: Container) -> Actor:
    founder = Founder(
        tenant_name="Bench", name="Ada", email="ada@example.com", password="a long pass phrase"
    )
    made = await container.account().create_owner().execute(founder)
    return Actor(
        tenant_id=made.tenant_id, account_id=made.account_id, permissions=frozenset(Permission)
    )


async def _published(container: Container, actor: Actor) -> AppId:
    apps = container.apps()
    made = await apps.create_app().execute(
        actor,
        CreateAppCommand(
            name="Echo", mode=AppMode.WORKFLOW, configuration=workflow(taking(TEXT), ECHO, END)
        ),
    )
    await apps.publish_app().execute(actor, PublishAppCommand(app_id=made.id))
    return made.id


async def _run_many(execute: RunWorkflow, actor: Actor, app_id: AppId, count: int) -> None:
    remaining = iter(range(count))
    command = RunWorkflowCommand(
        app_id=app_id,
        user=EndUserName("benchmark"),
        inputs={"text": "Hello"},
        response=Delivery.BLOCKING,
    )

    async def call() -> None:
        for _ in remaining:
            try:
                run = await execute.execute(actor, command)
            except Unavailable:
                # Others use the machine, too.
                await asyncio.sleep(0.5)
                continue
            assert run.result is not None
            assert run.result.outputs == {"text": "Hello."}, run.result

    await asyncio.gather(*(call() for _ in range(_AT_A_TIME)))


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
