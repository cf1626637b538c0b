"""The values that JSON can hold, as a type."""

from collections.abc import Mapping, Sequence

JsonValue = None | bool | int | float | str | Sequence["NestedJson"] | Mapping[str, "NestedJson"]
JsonObject = Mapping[str, JsonValue]
#: Named apart so that a library that reads types can be given its own in this place alone.
NestedJson = JsonValue
