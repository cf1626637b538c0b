"""Memory is collected once, after a crowd has left."""

from dify_hex.bootstrap.memory import CROWD, CrowdWatch


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
    assert looks(CROWD, 10, 10, 0) == [False, True, False, False]


def test_a_crowd_that_stays_is_left_alone() -> None:
    assert looks(CROWD, CROWD * 3, CROWD * 2) == [False, False, False]


def test_a_few_streams_are_no_crowd() -> None:
    assert looks(CROWD - 1, 0) == [False, False]


def test_the_next_crowd_is_noticed_again() -> None:
    assert looks(CROWD, 0, CROWD, 0) == [False, True, False, True]
