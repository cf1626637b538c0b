"""What `dify-hex sandbox` reads from the environment: little, so that it stays small in memory."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from dify_hex.adapters.sandbox.service.options import ProfileSource, SandboxOptions
from dify_hex.adapters.sandbox.service.standing import MINIMUM
from dify_hex.bootstrap.home import default_home
from dify_hex.bootstrap.up_options import BadOption

PREFIX = "DIFY_HEX_SANDBOX_"
_MEGABYTE = 1 << 20
_DATA_ADVICE = "put numpy and pandas into DIFY_HEX_SANDBOX_LIBRARIES: see docs/guides/sandbox.md"


def sandbox_options(environment: Mapping[str, str]) -> SandboxOptions:
    """The service's options; an empty variable counts as one that is not set.

    Raises:
        BadOption: a variable does not say what it should.
    """
    given = {name: value for name, value in environment.items() if value.strip()}
    home = Path(given["DIFY_HEX_HOME"]) if "DIFY_HEX_HOME" in given else default_home()
    cores = len(os.sched_getaffinity(0))
    libraries = Path(given.get(f"{PREFIX}LIBRARIES", home / "sandbox" / "libraries"))
    path, host, port = _listening(given, home)
    token = given.get(f"{PREFIX}TOKEN", "")
    if path is None and not token:
        raise BadOption(f"{PREFIX}LISTEN on a network wants a {PREFIX}TOKEN, as long as you like")
    return SandboxOptions(
        path=path,
        host=host,
        port=port,
        token=token,
        profiles=_profiles(libraries),
        scratch=home / "sandbox" / "scratch",
        running=_whole(given, "RUNNING", max(4, 4 * cores)),
        waiting=_whole(given, "WAITING", 1000),
        most_seconds=_whole(given, "MAX_SECONDS", 600),
        most_memory_bytes=_whole(given, "MAX_MEMORY_MB", 1024) * _MEGABYTE,
        most_output_bytes=_whole(given, "MAX_OUTPUT_MB", 64) * _MEGABYTE,
        most_input_bytes=_whole(given, "MAX_INPUT_MB", 64) * _MEGABYTE,
        accepted=_accepted(given),
    )


def _listening(given: Mapping[str, str], home: Path) -> tuple[Path | None, str, int]:
    text = given.get(f"{PREFIX}LISTEN", f"unix://{home}/run/sandbox.sock")
    if text.startswith("unix:///"):
        return Path(text.removeprefix("unix://")), "", 0
    host, colon, port = text.removeprefix("tcp://").rpartition(":")
    if not text.startswith("tcp://") or not colon or not port.isdecimal():
        raise BadOption(f"{PREFIX}LISTEN is {text!r}: write unix:///path or tcp://address:port")
    return None, host.strip("[]"), int(port)


def _profiles(libraries: Path) -> dict[str, ProfileSource]:
    return {
        "python": ProfileSource(),
        "python-data": _data(libraries.resolve()),
        "javascript": _installed("_quickjs", "quickjs-ng"),
        "template": _installed("jinja2", "jinja2"),
    }


def _data(libraries: Path) -> ProfileSource:
    if not all((libraries / name).is_dir() for name in ("numpy", "pandas")):
        return ProfileSource(missing=_DATA_ADVICE)
    if libraries.is_relative_to("/tmp"):  # noqa: S108 - where it must not be
        return ProfileSource(missing="move the libraries out of /tmp, which code finds empty")
    return ProfileSource(libraries=[os.fspath(libraries)], shows_libraries=True)


def _installed(module: str, package: str) -> ProfileSource:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ProfileSource(missing=f"install the package {package}")
    place = Path(spec.origin)
    folder = place.parent.parent if spec.submodule_search_locations else place.parent
    return ProfileSource(libraries=[os.fspath(folder)])


def _accepted(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get(f"{PREFIX}ACCEPT_WITHOUT", "")
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in MINIMUM:
            raise BadOption(f"{PREFIX}ACCEPT_WITHOUT names {name!r}; it may: {', '.join(MINIMUM)}")
    return names


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(f"{PREFIX}{name}")
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise BadOption(f"{PREFIX}{name} is {text!r}, which is no such number")
    return int(text)
