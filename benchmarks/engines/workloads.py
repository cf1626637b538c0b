"""The work that every engine is given, and what has to come out; standard library only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: How long a node of `waits` waits, in seconds.
WAIT = 0.1
#: `branches` goes one way for inputs above this, and the other way for the rest.
THRESHOLD = 50


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of graph and how large it is; `title` is how people call it."""

    name: str
    size: int

    @property
    def title(self) -> str:
        """In words."""
        return _TITLES[self.name].format(size=f"{self.size:,}")


_TITLES = {
    "chain": "a chain of {size} template nodes",
    "parallel": "{size} parallel branches, joined",
    "iteration": "an iteration over {size} items",
    "branches": "{size} runs of a 4-node if-else",
    "waits": "{size} runs at once that wait 100 ms each",
    "effects": "64 runs at once of {size} effects each",
}
#: How many runs `effects` has under way.
EFFECT_RUNS = 64

ALL = (
    Workload("chain", 100),
    Workload("parallel", 50),
    Workload("iteration", 1000),
    Workload("branches", 100),
    Workload("waits", 200),
)


def expected(workload: Workload) -> Any:
    """What comes out, as JSON: one value for one run, a list of them for several."""
    return _EXPECTED[workload.name](workload.size)


def chain_link(text: str) -> str:
    """What one node of the chain makes of the text before it."""
    return f"{text}."


def branch_text(text: str, index: int) -> str:
    """What one of the parallel branches says."""
    return f"{text}{index}"


def joined(texts: Sequence[str]) -> str:
    """What the node says that waits for all branches."""
    return ",".join(texts)


def item_text(item: int) -> str:
    """What is made of an item."""
    return f"item {item}!"


def high(number: int) -> str:
    """What is said of a number above the threshold."""
    return f"high {number}"


def low(number: int) -> str:
    """What is said of the others."""
    return f"low {number}"


def choice(number: int) -> str:
    """What one of the small runs puts out."""
    return high(number) if number > THRESHOLD else low(number)


def _chain(size: int) -> str:
    text = "a"
    for _ in range(size):
        text = chain_link(text)
    return text


_EXPECTED = {
    "chain": _chain,
    "parallel": lambda size: joined([branch_text("a", index) for index in range(size)]),
    "iteration": lambda size: [item_text(index) for index in range(size)],
    "branches": lambda size: [choice(index) for index in range(size)],
    "waits": lambda size: ["done"] * size,
    "effects": lambda _: ["done"] * EFFECT_RUNS,
}
