"""What a model's name tells about what it cannot do."""

import pytest

from dify_hex.domain.model_provider.features import ModelFeature, features_lacked_by

VISION, TOOLS, SCHEMA = ModelFeature.VISION, ModelFeature.TOOLS, ModelFeature.JSON_SCHEMA


@pytest.mark.parametrize(
    ("name", "lacked"),
    [
        ("gpt-4o-mini", set()),
        ("gpt-4.1", set()),
        ("gpt-4", {SCHEMA}),
        ("gpt-4-turbo", {SCHEMA}),
        ("gpt-3.5-turbo", {VISION, SCHEMA}),
        ("gpt-3.5-turbo-instruct", {VISION, TOOLS, SCHEMA}),
        ("deepseek-chat", {VISION, SCHEMA}),
        ("deepseek-reasoner", {VISION, TOOLS, SCHEMA}),
        ("smollm2-135m-instruct", {VISION, TOOLS}),
        ("SmolVLM2-500M", set()),
        ("qwen-plus", {VISION}),
        ("qwen-vl-plus", set()),
        ("a-model-of-ours", set()),
    ],
)
def test_only_what_is_known_is_said(name: str, lacked: set[ModelFeature]) -> None:
    assert features_lacked_by(name) == lacked
