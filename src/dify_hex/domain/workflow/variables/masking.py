"""Keeping secrets out of values that are shown or kept."""

from collections.abc import Collection, Mapping, Sequence

from dify_hex.domain.shared.values.json_value import JsonValue

MASK = "***"


def masked(value: JsonValue, secrets: Collection[str]) -> JsonValue:
    """The value with a mask in place of each secret, also where it is a part of a text."""
    if not secrets:
        return value
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, Mapping):
        return {name: masked(each, secrets) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [masked(each, secrets) for each in value]
    return value
