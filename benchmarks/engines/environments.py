"""The engines that are compared: their environments, apart from the project's, and processes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.engines.serving import DATABASE
from benchmarks.engines.workloads import Workload

_ROOT = Path(__file__).parents[2]
#: The telemetry of others is nothing that is measured here.
_QUIET = {"LANGCHAIN_TRACING_V2": "false", "LANGSMITH_TRACING": "false"}


class Unavailable(Exception):
    """An engine cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Packages with their exact versions, and the oldest Python that they run on."""

    name: str
    packages: tuple[str, ...]
    python: tuple[int, int] = (3, 11)

    def interpreter(self) -> Path:
        """Its Python; the environment is made when it is not there yet.

        Raises:
            Unavailable: there is no such Python, or the packages cannot be fetched.
        """
        folder = _cache() / self.name
        python, stamp = folder / "bin" / "python", folder / "packages.txt"
        wanted = "\n".join(self.packages)
        if not (stamp.is_file() and stamp.read_text("utf-8") == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", _python(self.python), str(folder))
            _uv("pip", "install", "--quiet", "--python", str(python), *self.packages)
            stamp.write_text(wanted, "utf-8")
        return python


LANGGRAPH = Environment(
    name="langgraph",
    packages=(
        "langgraph==1.2.22",
        "langgraph-checkpoint-postgres==3.2.0",
        "psycopg[binary]==3.3.9",
    ),
)
PYDANTIC_GRAPH = Environment(name="pydantic-graph", packages=("pydantic-graph==2.68.0",))
MONTY = Environment(name="monty", packages=("pydantic-monty==1.4.0",))
BM25S = Environment(name="bm25s", packages=("bm25s==0.3.16",))
GRAPHON = Environment(name="graphon", packages=("graphon==0.8.0",), python=(3, 12))


class EngineProcess:
    """One engine, in a process of its own, that executes what it is told to."""

    def __init__(self, name: str, module: str, python: str, database: str = "") -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, "-m", f"benchmarks.engines.{module}"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **_QUIET, DATABASE: database},
        )

    def await_ready(self) -> None:
        """Wait until it has loaded everything.

        Raises:
            Unavailable: it did not start.
        """
        self._answer()

    def ask(self, question: object) -> dict[str, Any]:
        """What it answers.

        Raises:
            Unavailable: it came to its end instead.
        """
        _pipe(self._process.stdin).write(json.dumps(question) + "\n")
        _pipe(self._process.stdin).flush()
        return self._answer()

    def execute(self, workload: Workload) -> dict[str, Any]:
        """Execute a workload once: `milliseconds`, `cpu_milliseconds`, `events`."""
        return self.ask({"name": workload.name, "size": workload.size})

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            told = _pipe(self._process.stderr).read().strip().splitlines()
            raise Unavailable(f"{self.name} ended: {told[-1] if told else 'without a word'}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def own_engine() -> EngineProcess:
    """dify_hex, in the project's environment; nothing is stored."""
    return EngineProcess("dify_hex", "dify_hex_engine", sys.executable)


def own_strict_engine(database: str) -> EngineProcess:
    """dify_hex, with its journal on a database."""
    return EngineProcess("dify_hex", "dify_hex_strict", sys.executable, database)


def plain_asyncio() -> EngineProcess:
    """The floor, in the project's environment."""
    return EngineProcess("plain asyncio", "plain_asyncio", sys.executable)


def peer(
    name: str, environment: Environment, module: str, database: str = ""
) -> Callable[[], EngineProcess]:
    """Makes the process of an engine that is compared.

    Raises Unavailable, when it is called, where the engine cannot be had.
    """
    return lambda: EngineProcess(name, module, str(environment.interpreter()), database)


@contextmanager
def started(make: Callable[[], EngineProcess]) -> Iterator[EngineProcess]:
    """An engine that is ready, and ended afterwards.

    Raises:
        Unavailable: there is no such engine here.
    """
    engine = make()
    try:
        engine.await_ready()
        yield engine
    finally:
        engine.close()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "dify-hex-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _python(at_least: tuple[int, int]) -> str:
    """A Python of at least that version; this one, when it is new enough."""
    if sys.version_info[:2] >= at_least:
        return sys.executable
    major, minor = at_least
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [
        *sorted(str(found) for found in versions.glob(f"{major}.{minor}.*/bin/python")),
        shutil.which(f"python{major}.{minor}"),
    ]
    for candidate in candidates:
        if candidate is not None and _runs(candidate):
            return candidate
    raise Unavailable(f"there is no Python {major}.{minor} here")


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise Unavailable("uv is not installed")
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:]
        raise Unavailable(f"its packages cannot be installed: {' '.join(last).strip()}")


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
