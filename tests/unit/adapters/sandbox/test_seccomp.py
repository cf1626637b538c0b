"""The filter of system calls, run by an interpreter of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.sandbox.jail.walls.seccomp import Instruction, instructions
from dify_hex.adapters.sandbox.jail.walls.syscalls import MACHINES

ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
X86 = MACHINES["x86_64"]
ALONE = instructions(X86, may_load_libraries=False, is_alone=True)
LOADING = instructions(X86, may_load_libraries=True, is_alone=True)
AMONG_OTHERS = instructions(X86, may_load_libraries=False, is_alone=False)
MMAP, MPROTECT, CLONE, KILL_CALL, SOCKETPAIR = 9, 10, 56, 62, 53


def verdict(
    program: list[Instruction], number: int, *arguments: int, audit: int = X86.audit
) -> int:
    """What the kernel would answer."""
    data = {0: number, 4: audit}
    data |= {16 + 8 * at: value & 0xFFFFFFFF for at, value in enumerate(arguments)}
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, value = program[place]
        place += 1
        match code:
            case 0x20:
                accumulator = data.get(value, 0)
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case 0x15:
                place += if_true if accumulator == value else if_false
            case 0x35:
                place += if_true if accumulator >= value else if_false
            case 0x45:
                place += if_true if accumulator & value else if_false
            case _:
                raise AssertionError(code)


@given(st.integers(0, 0x3FFFFFFF), st.lists(st.integers(0, 0xFFFFFFFF), min_size=6, max_size=6))
def test_what_is_not_listed_is_refused(number: int, arguments: list[int]) -> None:
    found = verdict(ALONE, number, *arguments)

    if number not in X86.allowed and number not in X86.checked.values():
        assert found == REFUSE


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_every_listed_call_is_allowed(machine: object) -> None:
    for number in X86.allowed:
        assert verdict(ALONE, number) == ALLOW


@pytest.mark.parametrize("name", ["execve", "socket", "ptrace", "mount", "bpf", "io_uring_setup"])
def test_what_must_never_be_listed_is_not(name: str) -> None:
    numbers = {
        "execve": (59, 221),
        "socket": (41, 198),
        "ptrace": (101, 117),
        "mount": (165, 40),
        "bpf": (321, 280),
        "io_uring_setup": (425, 425),
    }[name]
    for machine, number in zip(MACHINES.values(), numbers, strict=True):
        assert number not in machine.allowed
        assert number not in machine.checked.values()


def test_other_machines_and_abis_are_killed() -> None:
    assert verdict(ALONE, 39, audit=0x40000003) == KILL
    assert verdict(ALONE, 0x40000000 | 39) == KILL


@pytest.mark.parametrize(
    ("program", "protection", "flags", "expected"),
    [
        (ALONE, 3, 0x22, ALLOW),
        (ALONE, 7, 0x22, REFUSE),
        (ALONE, 5, 0x2, REFUSE),
        (LOADING, 5, 0x2, ALLOW),
        (LOADING, 5, 0x22, REFUSE),
        (LOADING, 7, 0x2, REFUSE),
        (LOADING, 3, 0x22, ALLOW),
    ],
)
def test_memory_is_written_or_run(
    program: list[Instruction], protection: int, flags: int, expected: int
) -> None:
    assert verdict(program, MMAP, 0, 4096, protection, flags, 3, 0) == expected


def test_memory_never_becomes_runnable() -> None:
    for program in (ALONE, LOADING, AMONG_OTHERS):
        assert verdict(program, MPROTECT, 0, 4096, 5) == REFUSE
        assert verdict(program, MPROTECT, 0, 4096, 3) == ALLOW


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0x3D0F00, ALLOW), (17, REFUSE), (0x10000011, REFUSE), (0x3D0F00 | 0x10000000, REFUSE)],
)
def test_only_threads_are_cloned(flags: int, expected: int) -> None:
    assert verdict(ALONE, CLONE, flags) == expected


def test_the_clone_whose_arguments_nobody_sees_does_not_exist() -> None:
    assert verdict(ALONE, 435) == UNKNOWN


def test_signals_go_to_oneself_where_one_is_alone() -> None:
    assert verdict(ALONE, KILL_CALL, 1, 15) == ALLOW
    assert verdict(ALONE, KILL_CALL, -1, 15) == REFUSE
    assert verdict(AMONG_OTHERS, KILL_CALL, 1, 15) == REFUSE


@pytest.mark.parametrize(
    ("family", "kind", "expected"),
    [(1, 1, ALLOW), (1, 1 | 0o2004000, ALLOW), (1, 2, REFUSE), (2, 1, REFUSE), (1, 5, REFUSE)],
)
def test_a_pair_of_sockets_is_a_stream(family: int, kind: int, expected: int) -> None:
    assert verdict(ALONE, SOCKETPAIR, family, kind) == expected


@pytest.mark.parametrize(
    ("command", "expected"), [(1, ALLOW), (1030, ALLOW), (8, REFUSE), (10, REFUSE)]
)
def test_a_descriptor_signals_nobody(command: int, expected: int) -> None:
    assert verdict(ALONE, X86.checked["fcntl"], 3, command) == expected
