"""The fields of what code returns are held against what is described of them."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.code_outputs import Misfit, first_misfit
from dify_hex.domain.workflow.nodes.code import CodeOutput
from dify_hex.domain.workflow.variables.value_type import ValueType

COUNT = CodeOutput(type=ValueType.NUMBER)
ROW = CodeOutput(type=ValueType.OBJECT, children={"count": COUNT})
DESCRIBED = {
    "plain": COUNT,
    "row": ROW,
    "rows": CodeOutput(type=ValueType.OBJECTS, children={"count": COUNT, "inner": ROW}),
}
SOUND: JsonObject = {"count": 1, "inner": {"count": 2}, "more": "is allowed"}


@pytest.mark.parametrize(
    ("row", "rows"),
    [({"count": 1}, []), ({"count": 1.5, "other": None}, [SOUND, SOUND])],
)
def test_what_is_as_described_fits(row: JsonObject, rows: list[JsonObject]) -> None:
    assert first_misfit({"plain": 1, "row": row, "rows": rows}, DESCRIBED) is None


@pytest.mark.parametrize(
    ("row", "rows", "path", "is_missing"),
    [
        ({}, [], "row.count", True),
        ({"count": "one"}, [], "row.count", False),
        ({"count": None}, [], "row.count", False),
        ({"count": 1}, [SOUND, {"count": 1}], "rows.1.inner", True),
        ({"count": 1}, [{"count": 1, "inner": {}}], "rows.0.inner.count", True),
    ],
)
def test_the_first_field_that_does_not_is_named(
    row: JsonObject, rows: list[JsonObject], path: str, is_missing: bool
) -> None:
    found = first_misfit({"plain": 1, "row": row, "rows": rows}, DESCRIBED)

    kind = ValueType.OBJECT if path.endswith("inner") else ValueType.NUMBER
    assert found == Misfit(path=path, expected=kind, is_missing=is_missing)


def test_what_is_no_object_has_no_fields() -> None:
    odd = {"row": CodeOutput(type=ValueType.OBJECTS, children={"count": COUNT})}

    assert first_misfit({"row": ["text"]}, odd) is None
    assert first_misfit({"row": "text"}, odd) is None
