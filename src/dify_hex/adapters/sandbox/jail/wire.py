"""What client, service, zygote and jailed process say to each other, as bytes.

Streams carry frames: a kind, a length, a payload. Between the service and a zygote go packets of
one fixed form, with the jailed process's socket attached where one is to be made.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEAD = struct.Struct(">BI")
HEAD_SIZE = _HEAD.size
#: Packets between service and zygote: kind, execution, and two numbers that depend on the kind.
_PACKET = struct.Struct(">BQqq")
PACKET_SIZE = _PACKET.size
#: Frames that one execution may send; honest ones send about twenty a second.
MOST_FRAMES = 10_000


class Kind(IntEnum):
    """What a frame holds."""

    # Client to service.
    #: JSON: the token (over TCP), whose code it is, its profile and limits, its body's length.
    RUN = 1
    #: Nothing: asks how the service does.
    STATUS = 2
    # Service to client.
    #: Nothing: a jail is ready, the body may come.
    GO = 10
    #: What the jailed process has said: a piece of its own stream of frames.
    SAID = 11
    #: JSON: how it ended; always the last.
    END = 12
    #: JSON: the answer to STATUS.
    STANDING = 13
    # Service to the jailed process.
    #: JSON: what it may use up.
    LIMITS = 20
    # Client to the jailed process, the body.
    #: JSON: code, inputs, what the files are.
    PROGRAM = 21
    #: One file's content.
    FILE = 22
    # Jailed process to service.
    #: JSON: which walls are up. Always the first, and said before any foreign code is there.
    READY = 30
    #: Text: why the walls are not up.
    NOT_READY = 31
    # Jailed process to client, written by whom nobody trusts.
    STDOUT = 40
    STDERR = 41
    #: JSON: what `main` returned.
    RESULT = 42
    #: JSON: what it raised.
    FAILED = 43
    #: The content of a file among the results.
    OUTPUT_FILE = 44


class Order(IntEnum):
    """What service and zygote tell each other."""

    #: To the zygote: make a jailed process on the attached socket; the first number is its slot.
    FORK = 1
    #: To the zygote: end it.
    KILL = 2
    #: To the zygote: it takes long, let the others go first.
    DEMOTE = 3
    #: From the zygote: it can fork now.
    STANDS = 4
    #: From the zygote: its process ended; status as of `wait`, most resident memory in KiB.
    ENDED = 5
    #: From the zygote: it could not be made; the number of the error.
    REFUSED = 6
    #: To the zygote and back: it is there, and works through its orders.
    ECHO = 7


class Outcome:
    """How an execution ended, as END says it."""

    DONE = "done"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    #: Its process ended by a signal or status that says no more.
    DIED = "died"
    BUSY = "busy"
    #: The service or its zygote failed, the code is not at fault.
    LOST = "lost"
    #: The walls do not suffice.
    REFUSED = "refused"
    NOT_INSTALLED = "not_installed"


class BadFrame(ValueError):
    """Bytes that are no frame, or more of them than there may be."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet between service and zygote."""

    order: int
    execution: int = 0
    first: int = 0
    second: int = 0

    def pack(self) -> bytes:
        """As bytes."""
        return _PACKET.pack(self.order, self.execution, self.first, self.second)

    @classmethod
    def unpack(cls, data: bytes) -> "Packet":
        """From bytes of exactly `PACKET_SIZE`."""
        return cls(*_PACKET.unpack(data))


def frame(kind: int, payload: bytes = b"") -> bytes:
    """A frame as bytes."""
    return _HEAD.pack(kind, len(payload)) + payload


def parse_head(data: bytes, limit: int) -> tuple[int, int]:
    """Kind and length of a frame.

    Raises:
        BadFrame: it is longer than the limit.
    """
    kind, length = _HEAD.unpack(data)
    if length > limit:
        raise BadFrame(f"a frame of {length} bytes, where {limit} are allowed")
    return kind, length


def split_frames(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """The frames of a whole stream; one that was cut short at its end is left out.

    Raises:
        BadFrame: there are more than an honest process sends.
    """
    view = memoryview(data)
    place, seen = 0, 0
    while place + HEAD_SIZE <= len(view):
        kind, length = _HEAD.unpack_from(view, place)
        place += HEAD_SIZE
        seen += 1
        if seen > MOST_FRAMES:
            raise BadFrame(f"more than {MOST_FRAMES} frames")
        if place + length > len(view):
            return
        yield kind, view[place : place + length]
        place += length
