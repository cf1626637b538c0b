"""What a model is known not to do, as far as its name tells."""

import re
from enum import StrEnum


class ModelFeature(StrEnum):
    """What not every language model can do."""

    VISION = "vision"
    TOOLS = "tools"
    JSON_SCHEMA = "json_schema"


_SMALL = r"smollm2?-\d"
_LACKING = {
    ModelFeature.VISION: re.compile(
        rf"{_SMALL}|gpt-3\.5|\bo1-mini|\bo3-mini|deepseek-(chat|reasoner|coder)"
        r"|qwen-(plus|turbo|max|long)|codestral|mixtral|command-r",
        re.IGNORECASE,
    ),
    ModelFeature.TOOLS: re.compile(
        rf"{_SMALL}|gpt-3\.5-turbo-instruct|\bo1-mini|deepseek-reasoner", re.IGNORECASE
    ),
    ModelFeature.JSON_SCHEMA: re.compile(
        r"gpt-3\.5|gpt-4(-turbo|-\d{4}|$)|\bo1-mini|deepseek-(chat|reasoner|coder)",
        re.IGNORECASE,
    ),
}


def features_lacked_by(model_name: str) -> frozenset[ModelFeature]:
    """What the model is known not to do; of a name that says nothing, its provider decides."""
    return frozenset(feature for feature, pattern in _LACKING.items() if pattern.search(model_name))
