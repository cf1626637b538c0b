"""Where two trees of values differ."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass


def differing_paths(before: object, after: object, path: str = "") -> Iterator[str]:
    """The fields whose values differ, each as a path such as `model.parameters.seed`.

    Only values of the same class are looked into; anything else differs as a whole.
    """
    if before == after:
        return
    if not is_dataclass(before) or type(before) is not type(after):
        yield path
        return
    for field in fields(before):
        inner = f"{path}.{field.name}" if path else field.name
        yield from differing_paths(getattr(before, field.name), getattr(after, field.name), inner)
