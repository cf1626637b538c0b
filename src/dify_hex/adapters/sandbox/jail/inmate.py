"""The life of a jailed process: walls first, then its program, then its end."""

import gc
import json
import os
import sys
from typing import NoReturn

from dify_hex.adapters.sandbox.jail.cell import Cell
from dify_hex.adapters.sandbox.jail.channel import Channel, Printed, text_over
from dify_hex.adapters.sandbox.jail.failure import describe
from dify_hex.adapters.sandbox.jail.program import Program, receive_allowance, receive_program
from dify_hex.adapters.sandbox.jail.results import send_result
from dify_hex.adapters.sandbox.jail.walls import limits
from dify_hex.adapters.sandbox.jail.walls.limits import Allowance
from dify_hex.adapters.sandbox.jail.wire import Kind

#: Of what may be put out, the part that may be printed, to each of the two streams.
_PRINTED_SHARE = 4
_MOST_PRINTED = 1 << 20
_SETUP_FAILED = 70

# Kept here, as foreign code may put others in the place of these.
_exit = os._exit
_describe = describe
_send_result = send_result
_relax = limits.relax


def live(profile: str, cell: Cell, socket: int, execution: int) -> NoReturn:
    """Be the jailed process from its first moment to its last."""
    try:
        try:
            folder, mapped = cell.enter(socket, f"cell-{execution}")
        except Exception as error:  # noqa: BLE001 - whatever it is, no code may come
            Channel(socket).send(Kind.NOT_READY, str(error).encode())
            _exit(_SETUP_FAILED)
        channel = Channel()
        channel.send(Kind.READY, json.dumps(cell.walls.report()).encode())
        allowance = receive_allowance(channel)
        if cell.walls.has_rlimits:
            limits.close(allowance, mapped, counts_alone="user" in cell.walls.namespaces)
        program = receive_program(channel, folder)
        gc.enable()
        _run(profile, program, allowance, channel)
    finally:
        # Whatever has happened: nothing of ours runs on in a copy of the zygote.
        _exit(0)


def _run(profile: str, program: Program, allowance: Allowance, channel: Channel) -> None:
    most = min(allowance.output_bytes // _PRINTED_SHARE, _MOST_PRINTED)
    streams = [Printed(channel, kind, most) for kind in (Kind.STDOUT, Kind.STDERR)]
    sys.stdout, sys.stderr = map(text_over, streams)
    failure = None
    try:
        returned, line = _RUNNERS[profile](program, allowance)
        for stream in streams:
            stream.send()
        _send_result(channel, returned, program.file_outputs, allowance.output_bytes, line)
    except BaseException as error:  # noqa: BLE001 - foreign code raises what it likes
        failure = error
    if failure is not None:
        _relax()
        for stream in streams:
            stream.send()
        channel.send(Kind.FAILED, _describe(failure).encode())


def _python(program: Program, _: Allowance) -> tuple[object, int | None]:
    from dify_hex.adapters.sandbox.jail.runners import python  # noqa: PLC0415 - one per profile

    return python.run(program)


def _javascript(program: Program, allowance: Allowance) -> tuple[object, int | None]:
    from dify_hex.adapters.sandbox.jail.runners import javascript  # noqa: PLC0415 - as above

    return javascript.run(program, allowance.memory_bytes)


def _template(program: Program, _: Allowance) -> tuple[object, int | None]:
    from dify_hex.adapters.sandbox.jail.runners import template  # noqa: PLC0415 - as above

    return template.run(program)


_RUNNERS = {
    "python": _python,
    "python-data": _python,
    "javascript": _javascript,
    "template": _template,
}
