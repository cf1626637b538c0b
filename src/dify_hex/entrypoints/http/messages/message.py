"""One error in the languages that callers are answered in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong and what to do; `{name}` stands for the error's detail of that name."""

    en: str
    zh: str


Messages = Mapping[str, Message]
