"""What a jailed process is given to do, read from its socket."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from dify_hex.adapters.sandbox.jail.channel import Channel
from dify_hex.adapters.sandbox.jail.walls.limits import Allowance
from dify_hex.adapters.sandbox.jail.wire import BadFrame, Kind

#: The file that foreign code believes to be written in.
CODE_FILE = "<code>"
_INPUT_FOLDER = "in"
_READ_ONLY = 0o444


@dataclass(frozen=True, slots=True)
class Program:
    """Code, its arguments, and which of its results are paths of files."""

    code: str
    inputs: dict[str, object]
    file_outputs: tuple[str, ...]


def receive_allowance(channel: Channel) -> Allowance:
    """The limits, which come first.

    Raises:
        BadFrame: something else came.
        EOFError: the service has gone.
    """
    return Allowance(**json.loads(_expect(channel, Kind.LIMITS)))


def receive_program(channel: Channel, folder: str) -> Program:
    """The program; its files are put into the folder.

    Raises:
        BadFrame: something else came.
        EOFError: the service has gone.
    """
    told = json.loads(_expect(channel, Kind.PROGRAM))
    inputs: dict[str, object] = told["inputs"]
    several: dict[str, list[dict[str, object]]] = {}
    for number, described in enumerate(told["files"]):
        content = _expect(channel, Kind.FILE)
        path = _place(folder, number, described["name"], content)
        value = {
            "name": described["name"],
            "path": path,
            "size": len(content),
            "media_type": described["media_type"],
        }
        if described["many"]:
            several.setdefault(described["input"], []).append(value)
        else:
            inputs[described["input"]] = value
    inputs |= several
    return Program(told["code"], inputs, tuple(told["file_outputs"]))


def _expect(channel: Channel, wanted: Kind) -> bytes:
    kind, payload = channel.receive()
    if kind != wanted:
        raise BadFrame(f"kind {kind} came in place of {wanted.name}")
    return payload


def _place(folder: str, number: int, name: str, content: bytes) -> str:
    path = Path(folder, _INPUT_FOLDER, str(number), os.path.basename(name) or "file")  # noqa: PTH119 - a text
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(_READ_ONLY)
    return str(path)
