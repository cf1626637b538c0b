"""Memory is collected once, after a crowd has left, by a process that can return it."""

import os
import sys

import pytest

from dify_hex.bootstrap.memory import (
    CROWD,
    CrowdWatch,
    giving_memory_back,
    start_again_giving_memory_back,
)


class Streams:
    """So many are open."""

    def __init__(self) -> None:
        self.open = 0

    def count(self) -> int:
        return self.open


def looks(*counts: int) -> list[bool]:
    streams = Streams()
    watch = CrowdWatch(streams.count)
    found = []
    for streams.open in counts:
        found.append(watch.is_over())
    return found


def test_a_crowd_that_has_left_is_noticed_once() -> None:
    assert looks(CROWD, 10, 10, 10, 0, 0) == [False, False, True, False, False, False]


def test_a_crowd_that_is_leaving_is_waited_for() -> None:
    assert looks(CROWD * 10, CROWD * 4, CROWD, 5, 5) == [False, False, False, False, True]


def test_a_crowd_that_stays_is_left_alone() -> None:
    assert looks(CROWD, CROWD * 3, CROWD * 2, CROWD * 2) == [False, False, False, False]


def test_a_few_streams_are_no_crowd() -> None:
    assert looks(CROWD - 1, 0, 0) == [False, False, False]


def test_the_next_crowd_is_noticed_again() -> None:
    assert looks(CROWD, 0, 0, CROWD, 0, 0) == [False, False, True, False, False, True]


def test_memory_goes_back_with_the_allocator_of_the_system() -> None:
    assert giving_memory_back({"HOME": "/"}) == {"HOME": "/", "PYTHONMALLOC": "malloc"}


def test_an_allocator_that_was_chosen_stays() -> None:
    chosen = {"PYTHONMALLOC": "pymalloc"}

    assert giving_memory_back(chosen) == chosen


def test_a_process_with_another_allocator_starts_the_same_command_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[tuple[list[str], str | None]] = []
    monkeypatch.setattr(sys, "orig_argv", ["python", "-P", "-m", "program", "api"])
    monkeypatch.setattr(
        os, "execve", lambda _, words, names: started.append((words, names.get("PYTHONMALLOC")))
    )
    monkeypatch.delenv("PYTHONMALLOC", raising=False)

    start_again_giving_memory_back()
    monkeypatch.setenv("PYTHONMALLOC", "malloc")
    start_again_giving_memory_back()

    assert started == [([sys.executable, "-P", "-m", "program", "api"], "malloc")]
