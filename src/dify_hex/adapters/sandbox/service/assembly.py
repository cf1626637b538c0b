"""Puts a sandbox service together from its options."""

import asyncio
import os
import pwd
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path

from dify_hex.adapters.sandbox.service.control_group import ControlGroup, NoControlGroup, sweep
from dify_hex.adapters.sandbox.service.options import SandboxOptions
from dify_hex.adapters.sandbox.service.profile_host import ProfileHost
from dify_hex.adapters.sandbox.service.server import SandboxServer
from dify_hex.adapters.sandbox.service.zygote_process import ZygoteSettings

#: Where the search for a number that no user has begins, downwards.
_LAST_USER = 64_900
#: What a zygote with its libraries takes, and what a cell takes beside what its code asks for.
_ZYGOTE_BYTES = 512 << 20
_CELL_BYTES = 96 << 20
_CELL_PROCESSES = 80
#: Seconds that killed processes get to be gone.
_LAST_LIMIT = 2.0


async def serve(options: SandboxOptions, told_to_stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    uid = _user() if os.geteuid() == 0 else os.geteuid()
    gid = uid if os.geteuid() == 0 else os.getegid()
    # What a killed predecessor has left is nobody's.
    shutil.rmtree(options.scratch, ignore_errors=True)
    for folder in (options.scratch.parent, options.scratch):
        folder.mkdir(parents=True, exist_ok=True)
        # Cells pass through, and see nothing.
        folder.chmod(0o711)
    numbers = count(1)
    sweep()
    missing = _why_no_groups(options)

    def make_group() -> ControlGroup | None:
        if missing:
            return None
        return _group(options, next(numbers))

    def make_host(profile: str) -> ProfileHost:
        settings = ZygoteSettings(
            profile=profile,
            source=options.profiles[profile],
            scratch=options.scratch,
            without=options.without,
            uid=uid,
            gid=gid,
        )
        return ProfileHost(
            settings=settings, make_group=make_group, idle_seconds=options.idle_seconds
        )

    try:
        await SandboxServer(options, make_host, missing).serve(told_to_stop)
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_LIMIT):
                # The kernel takes its time with what was killed.
                while sweep():  # noqa: ASYNC110 - and announces nothing
                    await asyncio.sleep(0.02)


def _why_no_groups(options: SandboxOptions) -> str:
    if "cgroup" in options.without:
        return "left out by a setting"
    try:
        _group(options, 0).remove()
    except NoControlGroup as error:
        return str(error.strerror)
    return ""


def _group(options: SandboxOptions, number: int) -> ControlGroup:
    each = options.most_memory_bytes + _CELL_BYTES
    return ControlGroup.make(
        number,
        memory_bytes=_ZYGOTE_BYTES + options.running * each,
        processes=(options.running + 2) * _CELL_PROCESSES,
    )


def _user() -> int:
    """A user that owns nothing on this machine; root where a container has no other."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    extents = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    there = [range(int(first), int(first) + int(count)) for first, _, count in extents]
    free = (number for number in range(_LAST_USER, 1000, -1) if number not in taken)
    return next((number for number in free if any(number in numbers for numbers in there)), 0)
