"""The allow-list of system calls: everything that is not on it fails with EPERM."""

import ctypes
import errno
import struct

from dify_hex.adapters.sandbox.jail.walls.libc import MACHINE, Denied, check, number_of, syscall
from dify_hex.adapters.sandbox.jail.walls.syscalls import MACHINES, Machine

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS
_X32 = 0x40000000
_SET_MODE_FILTER = 1

_WRITE, _EXEC, _ANONYMOUS = 2, 4, 0x20
_TCGETS, _FIONBIO, _FIONCLEX, _FIOCLEX = 0x5401, 0x5421, 0x5450, 0x5451
#: Duplicates, flags, locks and sizes of pipes; not whom the kernel signals for a descriptor.
_HARMLESS_FCNTL = (*range(8), 36, 37, 38, 1030, 1032)
_AF_UNIX, _STREAM, _TYPE_MASK = 1, 1, 0xF
#: A thread shares the memory; anything with a namespace of its own is more than a thread.
_THREAD = 0x00010000
_MORE_THAN_A_THREAD = 0x7E020000 | 0x80
_ITSELF = 1

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class SyscallFilter:
    """A filter in the kernel's form, made once and installed by each jailed process."""

    def __init__(self, *, may_load_libraries: bool, is_alone: bool) -> None:
        """Make it.

        `may_load_libraries` allows mapping files as code, which is safe only where none can be
        written; `is_alone` says that process 1 is the jailed process itself.

        Raises:
            Denied: nobody has listed the calls of this kind of machine.
        """
        machine = MACHINES.get(MACHINE)
        if machine is None:
            raise Denied(0, f"seccomp: no list of system calls for {MACHINE}")
        program = instructions(machine, may_load_libraries, is_alone)
        raw = b"".join(struct.pack("=HBBI", *step[:3], step[3]) for step in program)
        self._bytes = ctypes.create_string_buffer(raw)
        self._program = _Program(len(program), ctypes.addressof(self._bytes))
        self._number = number_of("seccomp")

    def install(self) -> None:
        """From here on only listed calls work, in every thread and for good.

        Raises:
            Denied: the kernel has no such filters.
        """
        result = syscall(self._number, _SET_MODE_FILTER, 0, ctypes.byref(self._program))
        check(result, "seccomp")


def instructions(machine: Machine, may_load_libraries: bool, is_alone: bool) -> list[Instruction]:
    """The filter as BPF: kind of machine, calls with checked arguments, then the list."""
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for name, number in machine.checked.items():
        body = _argument_check(name, may_load_libraries, is_alone)
        program += [(_EQUAL, 0, len(body), number), *body]
    for number in machine.allowed:
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    return [*program, (_RETURN, 0, 0, _REFUSE)]


def _argument_check(name: str, may_load_libraries: bool, is_alone: bool) -> list[Instruction]:
    match name:
        case "clone3":
            # Its arguments lie in memory, out of a filter's sight; the C library has another way.
            return [(_RETURN, 0, 0, _UNKNOWN)]
        case "clone":
            return _when_masked(0, _THREAD | _MORE_THAN_A_THREAD, _THREAD)
        case "mprotect":
            return _unless_bits(2, _EXEC)
        case "mmap":
            return _mapping_of_libraries() if may_load_libraries else _unless_bits(2, _EXEC)
        case "ioctl":
            return _when_one_of(1, (_TCGETS, _FIONBIO, _FIOCLEX, _FIONCLEX))
        case "fcntl":
            return _when_one_of(1, _HARMLESS_FCNTL)
        case "socketpair":
            family = [_argument(0), (_EQUAL, 0, 4, _AF_UNIX)]
            return [*family, *_when_masked(1, _TYPE_MASK, _STREAM)[:-1], (_RETURN, 0, 0, _REFUSE)]
        case "prlimit64":
            return _when_one_of(0, (0,))
        case "kill" | "tgkill":
            return _when_one_of(0, (_ITSELF,)) if is_alone else [(_RETURN, 0, 0, _REFUSE)]
        case _:
            raise AssertionError(name)


def _argument(index: int) -> Instruction:
    # The lower half: little-endian machines are the only ones in the table.
    return (_LOAD, 0, 0, 16 + 8 * index)


def _unless_bits(index: int, bits: int) -> list[Instruction]:
    return [
        _argument(index),
        (_ANY_BIT, 0, 1, bits),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _when_masked(index: int, mask: int, wanted: int) -> list[Instruction]:
    return [
        _argument(index),
        (_AND, 0, 0, mask),
        (_EQUAL, 0, 1, wanted),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]


def _when_one_of(index: int, values: tuple[int, ...]) -> list[Instruction]:
    left = len(values)
    tests = [(_EQUAL, left - at, 0, value) for at, value in enumerate(values)]
    return [_argument(index), *tests, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]


def _mapping_of_libraries() -> list[Instruction]:
    """Code may come from a file, never from memory that could be written."""
    return [
        _argument(2),
        (_ANY_BIT, 0, 3, _EXEC),
        (_ANY_BIT, 3, 0, _WRITE),
        _argument(3),
        (_ANY_BIT, 1, 0, _ANONYMOUS),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
