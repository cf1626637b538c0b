"""What else runs a snippet of Python: a bare process, one inside of bubblewrap, and Monty."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.engines.environments import MONTY, EngineProcess, Unavailable, peer, started
from benchmarks.figures import Figure, percentile

#: How a process of its own calls `main` of what it reads.
_CALL = (
    "import json, sys\n"
    "told = json.load(sys.stdin)\n"
    "sys.path.extend(told['paths'])\n"
    "exec(told['code'])\n"
    "print(json.dumps(main(**told['inputs'])))"
)
#: What `python` needs of the machine, beside itself.
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")

#: The seconds of each round.
Timed = Callable[[int], Sequence[float]]


class Snippet:
    """Code with a function `main`, its arguments, and what comes of it."""

    def __init__(
        self, code: str, inputs: Mapping[str, Any], expected: object, libraries: Path | None = None
    ) -> None:
        self.code = code
        self.inputs = dict(inputs)
        self.expected = expected
        self.libraries = libraries


def compare(title: str, snippet: Snippet, rounds: int) -> Iterator[Figure]:
    """How long the others take for the snippet; one that is not here is left out, and says so."""
    with ExitStack() as stack:
        for name, make in (
            ("a process of its own, no wall", lambda: _plain(snippet)),
            ("bubblewrap around it", lambda: _wrapped(snippet)),
            ("Monty, its worker waiting", lambda: _monty(snippet, stack)),
        ):
            try:
                took = make()(rounds)
            except Unavailable as reason:
                sys.stderr.write(f"{name} is left out of {title}: {reason}\n")
                continue
            yield Figure(
                name=f"beside it, {title}: {name}, p50",
                value=1000 * percentile(took, 0.5),
                unit="ms",
                note=f"p99 {1000 * percentile(took, 0.99):.1f} ms",
            )


def _plain(snippet: Snippet) -> Timed:
    return lambda rounds: _processes([], snippet, rounds)


def _wrapped(snippet: Snippet) -> Timed:
    """Bubblewrap with every namespace it knows, and the same files that our cells see."""
    tool = shutil.which("bwrap")
    if tool is None:
        raise Unavailable("bubblewrap is not installed")
    shown = [path for path in (*_SYSTEM, sys.base_prefix) if Path(path).exists()]
    if snippet.libraries is not None:
        shown.append(os.fspath(snippet.libraries))
    binds = [word for path in shown for word in ("--ro-bind", path, path)]
    walls = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    command = [tool, *walls, *binds, "--tmpfs", "/tmp", "--dev", "/dev", "--chdir", "/tmp"]
    return lambda rounds: _processes(command, snippet, rounds)


def _processes(before: Sequence[str], snippet: Snippet, rounds: int) -> Sequence[float]:
    paths = [] if snippet.libraries is None else [os.fspath(snippet.libraries)]
    told = json.dumps({"code": snippet.code, "inputs": snippet.inputs, "paths": paths})
    python = os.path.realpath(sys.executable)
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = subprocess.run(
            [*before, python, "-I", "-S", "-c", _CALL],
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )
        took.append(time.perf_counter() - began)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:]
            raise Unavailable(f"it failed: {' '.join(last)}")
        assert json.loads(done.stdout) == snippet.expected
    return took


def _monty(snippet: Snippet, stack: ExitStack) -> Timed:
    if snippet.libraries is not None:
        raise Unavailable("it knows no libraries")
    engine: EngineProcess = stack.enter_context(started(peer("Monty", MONTY, "monty_runs")))
    call = ", ".join(f"{name}={name}" for name in snippet.inputs)

    def timed(rounds: int) -> Sequence[float]:
        told = {"code": f"{snippet.code}\nmain({call})", "inputs": snippet.inputs}
        engine.ask({**told, "rounds": 5})
        answer = engine.ask({**told, "rounds": rounds})
        assert answer["output"] == snippet.expected
        took: Sequence[float] = answer["seconds"]
        return took

    return timed
