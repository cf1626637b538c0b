"""Fields that configurations of several modes have."""

from typing import Annotated

from pydantic import Field, StringConstraints

from dify_hex.domain.app.opening_words import (
    MAX_OPENING_LENGTH,
    MAX_QUESTION_LENGTH,
    MAX_SUGGESTED_QUESTIONS,
)
from dify_hex.domain.shared.values.prompt_template import MAX_TEMPLATE_LENGTH

Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEMPLATE_LENGTH)]
#: What is out of range is a fault of the draft; what is beyond all reason is refused outright.
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Opening = Annotated[str, StringConstraints(max_length=MAX_OPENING_LENGTH)]
Questions = Annotated[
    list[Annotated[str, StringConstraints(max_length=MAX_QUESTION_LENGTH)]],
    Field(max_length=MAX_SUGGESTED_QUESTIONS),
]
