"""What comes from outside is made fit for the store."""

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.variables.storable import storable


def test_null_characters_give_way_wherever_they_are() -> None:
    value: JsonValue = {"a\x00": ["b\x00", 1, None, {"c": "\x00\x00"}], "d": True, "e": 1.5}

    assert storable(value) == {
        "a\ufffd": ["b\ufffd", 1, None, {"c": "\ufffd\ufffd"}],
        "d": True,
        "e": 1.5,
    }
