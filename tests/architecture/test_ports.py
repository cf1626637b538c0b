"""A port is abstract all through: whoever forgets a method of it cannot be made."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.source_files import Function, SourceFile, last_name, read
from tests.architecture.planting import ROOT, write

INNER_LAYERS = {"domain", "application"}


def ports(root: Path) -> Iterator[tuple[SourceFile, ast.ClassDef]]:
    for file in read(root):
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ClassDef) and file.layer in INNER_LAYERS:
                bases = (
                    base.value if isinstance(base, ast.Subscript) else base for base in node.bases
                )
                if "Protocol" in map(last_name, bases):
                    yield file, node


def concrete_methods(root: Path) -> list[str]:
    return [
        f"{file.path}: {port.name}.{method.name}"
        for file, port in ports(root)
        for method in port.body
        if isinstance(method, Function)
        and "abstractmethod" not in map(last_name, method.decorator_list)
    ]


def test_every_method_of_every_port_is_abstract() -> None:
    assert concrete_methods(ROOT) == []


def test_the_product_has_ports_in_both_inner_layers() -> None:
    assert {file.layer for file, _ in ports(ROOT)} == INNER_LAYERS


@pytest.mark.parametrize("base", ["Protocol", "Protocol[T]", "typing.Protocol"])
def test_a_concrete_method_in_a_port_is_caught(base: str, tmp_path: Path) -> None:
    code = f"class Clock({base}):\n    def now(self) -> int: ...\n"
    write(tmp_path, "src/dify_hex/application/shared/clock.py", code)

    assert concrete_methods(tmp_path) == ["src/dify_hex/application/shared/clock.py: Clock.now"]


def test_ports_are_named_for_their_role() -> None:
    endings = ("Protocol", "Interface", "Service", "Port", "Abstract", "Base")

    assert [port.name for _, port in ports(ROOT) if port.name.endswith(endings)] == []
