"""From `make run` to ready, and what the whole tree of processes weighs when it idles."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.processes import command_line, maps_file, total_pss, tree
from tests.e2e.product import free_port

_ROOT = Path(__file__).resolve().parents[1]
_READY_AGAIN = 5
_IDLE_MB = 300
#: A library that comes into a process with LiteLLM and with nothing else.
_LITELLM_BRINGS = "/jiter/"


@dataclass(frozen=True, slots=True)
class Idle:
    """Memory in MB, the language model apart."""

    product: float
    model: float
    has_litellm: bool


def measure(options: argparse.Namespace) -> Report:
    """Start twice in a new data folder; weigh the second."""
    idle_after = 10 if options.quick else 60
    home = Path(tempfile.mkdtemp(prefix="dify-hex-bench-"))
    home.chmod(0o711)
    try:
        with _made_run(home) as (_, first):
            pass
        with _made_run(home) as (pid, second):
            time.sleep(idle_after)
            idle = _weigh(pid)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return Report(
        title="`make run`, environment installed",
        figures=(
            Figure(name="ready, new data folder", value=first, unit="s"),
            Figure(name="ready, second time", value=second, unit="s", target=_READY_AGAIN),
            Figure(
                name=f"idle after {idle_after} s, all but the model",
                value=idle.product,
                unit="MB",
                target=_IDLE_MB,
                note="LiteLLM is loaded" if idle.has_litellm else "LiteLLM is not loaded",
            ),
            Figure(name="the language model beside it", value=idle.model, unit="MB"),
        ),
    )


@contextmanager
def _made_run(home: Path) -> Iterator[tuple[int, float]]:
    """`make run` until ready: its pid, and the seconds that took."""
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"DIFY_HEX_|DATABASE_|REDIS_|PORT$|MAKE", name)
    }
    environment |= {
        "DIFY_HEX_HOME": str(home),
        "DIFY_HEX_PORT": str(port),
        "DIFY_HEX_METRICS_PORT": "0",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run"], cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        # One client for all: each new one takes 20 ms of a core that the start is in need of.
        with httpx.Client(timeout=1) as asking:
            while not _is_ready(asking, port):
                assert process.poll() is None, "make run ended"
                time.sleep(0.01)
        yield process.pid, time.perf_counter() - began
    finally:
        running = tree(process.pid)
        # To those whom Ctrl-C would reach: make's recipe is `dify-hex up` itself.
        for found in running:
            if command_line(found).endswith("dify-hex up"):
                found.send_signal(signal.SIGINT)
        process.wait(40)
        psutil.wait_procs(running, timeout=10)


def _is_ready(asking: httpx.Client, port: int) -> bool:
    try:
        return asking.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _weigh(pid: int) -> Idle:
    running = tree(pid)
    models = [process for process in running if "model_host" in command_line(process)]
    others = [process for process in running if process not in models]
    return Idle(
        product=total_pss(others) / 1e6,
        model=total_pss(models) / 1e6,
        has_litellm=any(maps_file(process.pid, _LITELLM_BRINGS) for process in others),
    )


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
