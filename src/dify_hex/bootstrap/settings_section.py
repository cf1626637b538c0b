"""What every group of settings shares: where it is read from, and how its values are written."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "DIFY_HEX_"

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
#: Written as one text, its items separated by commas.
TextList = Annotated[tuple[str, ...], NoDecode]


def section_config(section: str = "") -> SettingsConfigDict:
    """Where a group is read from: the variables that begin with the prefix and its name."""
    return SettingsConfigDict(
        env_prefix=f"{PREFIX}{section}", extra="ignore", frozen=True, populate_by_name=True
    )


def items_of(value: object) -> object:
    """The items of a list that is written as one text."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class Section(BaseSettings):
    """A group of settings; an empty variable counts as one that is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True)
