"""The attempts of `hostile_urls.txt`, for whoever tries them."""

from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).parents[1] / "unit/domain/shared/values/hostile_urls.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An address, what must become of it, and where its name leads, if it is one."""

    verdict: str
    url: str
    addresses: tuple[str, ...]


def attempts() -> list[Attempt]:
    """All of them, in the file's order."""
    return [
        _attempt(line)
        for line in _FILE.read_text().splitlines()
        if line and not line.startswith("#")
    ]


def _attempt(line: str) -> Attempt:
    verdict, rest = line.split(" ", 1)
    name, _, resolved = rest.rpartition("/ ")
    text = f"{name}/" if name else rest
    return Attempt(
        verdict=verdict,
        url=text.encode().decode("unicode_escape"),
        addresses=tuple(resolved.split(",")) if name else (),
    )
