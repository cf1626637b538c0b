"""`dify-hex doctor`: looks at everything the service stands on, and says what to do about it."""

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from dify_hex.bootstrap.endpoints import NotConfigured, endpoints_of
from dify_hex.bootstrap.finding import Finding, doubtful, failed, well
from dify_hex.bootstrap.sandbox_examination import examine_sandbox
from dify_hex.bootstrap.server_examinations import examine_database, examine_model, examine_redis
from dify_hex.bootstrap.settings import Settings
from dify_hex.bootstrap.storage_examination import examine_storage

PYTHON_FLOOR = (3, 11)
#: Bytes that should be free where data lives, and those without which nothing is saved.
SPACE_WANTED = 2 << 30
SPACE_NEEDED = 200 << 20
_LIMIT = 15.0


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    here = [_python(), _home(settings.home), _space(settings.home), *_key(settings.secret_key_path)]
    try:
        endpoints = endpoints_of(settings)
    except NotConfigured as error:
        advice = "start `dify-hex up`, or set the URLs of servers of your own"
        return [*here, failed("servers", str(error), advice)]
    groups = await asyncio.gather(
        _looking("database", lambda: examine_database(endpoints)),
        _looking("redis", lambda: examine_redis(endpoints.redis_url)),
        _looking("model", lambda: examine_model(endpoints, settings)),
        _looking("storage", lambda: examine_storage(settings)),
        _looking("sandbox", lambda: examine_sandbox(endpoints)),
    )
    return [*here, *(finding for group in groups for finding in group)]


async def _looking(subject: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    try:
        async with asyncio.timeout(_LIMIT):
            return await look()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the doctor reports
        reason = str(error) or type(error).__name__
        advice = "see that it runs and that its URL is right; `dify-hex up` starts one of its own"
        return [failed(subject, f"cannot be reached: {reason}", advice)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_FLOOR:
        floor = ".".join(map(str, PYTHON_FLOOR))
        return failed("python", version, f"install Python {floor} or newer")
    return well("python", version)


def _home(home: Path) -> Finding:
    existing = next(place for place in (home, *home.parents) if place.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return failed(
            "home", f"{existing} cannot be written to", "choose another with DIFY_HEX_HOME"
        )
    return well("home", str(home) if home.exists() else f"{home} will be made")


def _space(home: Path) -> Finding:
    existing = next(place for place in (home, *home.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / (1 << 30):.1f} GiB free"
    advice = "free some, or choose a folder on another disk with DIFY_HEX_HOME"
    if free < SPACE_NEEDED:
        return failed("disk", text, advice)
    return well("disk", text) if free >= SPACE_WANTED else doubtful("disk", text, advice)


def _key(path: Path) -> list[Finding]:
    """The key of keys; absent, it is made at the first start."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return []
    except OSError as error:
        advice = "run this as the user that runs the service"
        return [failed("secret key", f"{path}: {error.strerror}", advice)]
    if stat.S_IMODE(mode) & 0o077:
        return [failed("secret key", f"others can read {path}", f"run `chmod 600 {path}`")]
    return [well("secret key", f"{path}, readable by its owner only")]
