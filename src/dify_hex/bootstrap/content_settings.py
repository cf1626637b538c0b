"""What may be handed in: files, and the documents of Knowledge."""

from typing import Annotated

from pydantic import Field, field_validator

from dify_hex.bootstrap.settings_section import (
    Positive,
    Section,
    TextList,
    section_config,
)


class FileSettings(Section):
    """Which files are taken in, and for how long."""

    model_config = section_config("FILE_")

    image_megabytes: Positive = 10
    document_megabytes: Positive = 15
    audio_megabytes: Positive = 50
    video_megabytes: Positive = 100
    #: Whatever is none of the above.
    custom_megabytes: Positive = 15
    #: How long files are kept at the longest; for good when it is not set.
    keep_days: Positive | None = None
    #: Without their dots.
    blocked_extensions: TextList = ()
    #: Seconds for one upload; pauses in it are bounded by the time limit of any body.
    upload_timeout: Annotated[float, Field(gt=0, le=3600)] = 1800

    @field_validator("blocked_extensions", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(
                part.strip().lstrip(".").lower() for part in value.split(",") if part.strip()
            )
        return value


class KnowledgeSettings(Section):
    """How much Knowledge may hold."""

    model_config = section_config("KNOWLEDGE_")

    #: How large one document may be, and all that are sent together.
    document_megabytes: Positive = 250
    upload_megabytes: Positive = 1024
    #: How many documents one Knowledge may have.
    documents: Positive = 50_000
