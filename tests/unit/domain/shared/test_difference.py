"""Where two trees of values differ."""

from dataclasses import dataclass, replace

from dify_hex.domain.shared.difference import differing_paths


@dataclass(frozen=True)
class _Leaf:
    size: int = 1
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tree:
    leaf: _Leaf | None
    title: str = ""


TREE = _Tree(leaf=_Leaf())


def test_equal_values_differ_nowhere() -> None:
    assert list(differing_paths(TREE, replace(TREE))) == []


def test_each_field_is_named_by_its_path() -> None:
    other = _Tree(leaf=_Leaf(size=2, names=("a",)), title="T")

    assert list(differing_paths(TREE, other)) == ["leaf.size", "leaf.names", "title"]
    assert next(differing_paths(TREE, other, "config")) == "config.leaf.size"


def test_values_of_other_classes_differ_as_a_whole() -> None:
    assert list(differing_paths(TREE, replace(TREE, leaf=None))) == ["leaf"]
