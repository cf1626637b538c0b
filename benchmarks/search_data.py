"""What searches are measured on: made-up segments in number, and real text with known answers."""

import ast
import importlib.util
import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

Terms = Sequence[str]

#: Words of the made-up language; how often each comes follows Zipf's law.
VOCABULARY = 50_000
#: Terms of a made-up segment.
SHORTEST, LONGEST = 40, 99
TERMS_ASKED = 3
#: Packages of the development environment whose documentation is read beside the standard
#: library's.
_PACKAGES = ("numpy", "pandas", "sqlalchemy", "asyncpg", "fastapi", "pydantic", "httpx", "redis")
_SHORTEST_SUMMARY = 25
_SHORTEST_BODY = 120


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A section of documentation, and the title that has to lead to it."""

    title: str
    section: str


def zipf_segments(number: int, seed: int = 11) -> Iterator[Terms]:
    """Segments of a made-up language."""
    generator = np.random.default_rng(seed)
    for _ in range(number):
        size = int(generator.integers(SHORTEST, LONGEST + 1))
        yield _words(generator, size)


def zipf_questions(number: int, seed: int = 12) -> Sequence[Terms]:
    """Questions in the same language, without the hundred words that a stop list would know."""
    generator = np.random.default_rng(seed)
    asked: list[Terms] = []
    while len(asked) < number:
        drawn = [each for each in _words(generator, 4 * TERMS_ASKED) if int(each[1:]) > 100]
        if len(drawn) >= TERMS_ASKED:
            asked.append(drawn[:TERMS_ASKED])
    return asked


def _words(generator: np.random.Generator, size: int) -> Terms:
    # Inverse transform of a Zipf distribution with exponent 1, cut off at the vocabulary.
    ranks = np.exp(generator.random(size) * np.log(VOCABULARY)).astype(int)
    return [f"w{rank}" for rank in ranks]


def spread_vectors(seeds: np.ndarray, number: int, seed: int = 13) -> np.ndarray:
    """Unit vectors around and between real ones: each leans from one towards another, with noise.

    `seeds` is (n, d); the outcome is (number, d), in half precision.
    """
    generator = np.random.default_rng(seed)
    here = seeds[generator.integers(0, len(seeds), number)]
    there = seeds[generator.integers(0, len(seeds), number)]
    share = generator.random((number, 1)).astype(np.float32) * 0.9
    noise = generator.normal(0, 0.35 / np.sqrt(seeds.shape[1]), (number, seeds.shape[1]))
    mixed = here * (1 - share) + there * share + noise.astype(np.float32)
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed.astype(np.float16))


@cache
def known_items(*, of_packages: bool = True) -> Sequence[KnownItem]:
    """Documentation of the standard library and of packages: first line and all the rest of it.

    That of the packages takes several times as long to read.
    """
    found: dict[str, KnownItem] = {}
    for path in _sources(of_packages):
        for text in _docstrings(path):
            title, _, section = text.strip().partition("\n\n")
            title = " ".join(title.split())
            if len(title) >= _SHORTEST_SUMMARY and len(section) >= _SHORTEST_BODY:
                found.setdefault(title, KnownItem(title, section))
    items = sorted(found.values(), key=lambda item: item.title)
    random.Random(7).shuffle(items)
    return items


def sentences(most: int, *, of_packages: bool = True) -> Sequence[str]:
    """Sentences of the same documentation."""
    found = {
        " ".join(sentence.split())
        for item in known_items(of_packages=of_packages)
        for sentence in (item.title, *re.split(r"(?<=[.!?])\s+", item.section))
        if 30 <= len(sentence) <= 250
    }
    ordered = sorted(found)
    random.Random(8).shuffle(ordered)
    return ordered[:most]


def _sources(of_packages: bool) -> Iterator[Path]:
    library = Path(sysconfig.get_paths()["stdlib"])
    yield from sorted(
        path
        for path in library.rglob("*.py")
        if not {"site-packages", "test", "tests", "idlelib", "lib2to3"} & set(path.parts)
    )
    for name in _PACKAGES if of_packages else ():
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield from sorted(
                path for path in Path(place).rglob("*.py") if "tests" not in path.parts
            )


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            yield text
