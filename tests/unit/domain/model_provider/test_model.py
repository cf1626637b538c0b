"""Models: their sizes, and what a name in a catalogue stands for."""

import pytest

from dify_hex.domain.model_provider.errors import ModelInvalid
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.model_provider.kinds import KINDS
from dify_hex.domain.model_provider.model import (
    MAX_NAME_LENGTH,
    Model,
    ModelType,
    model_listed_as,
    starter_models,
)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a" * (MAX_NAME_LENGTH + 1), "a\x00"])
def test_a_model_has_a_name_one_can_read(name: str) -> None:
    with pytest.raises(ModelInvalid) as refused:
        Model(name=name)
    assert refused.value.details == {"field": "name"}


@pytest.mark.parametrize("window", [0, -1, 100_000_001])
def test_a_window_holds_something_and_not_everything(window: int) -> None:
    with pytest.raises(ModelInvalid) as refused:
        Model(name="m", context_window=window)
    assert refused.value.details == {"field": "context_window"}


@pytest.mark.parametrize("output", [0, 4097])
def test_an_answer_fits_into_the_window(output: int) -> None:
    with pytest.raises(ModelInvalid) as refused:
        Model(name="m", context_window=4096, max_output=output)
    assert refused.value.details == {"field": "max_output"}


def test_an_answer_may_fill_the_window() -> None:
    assert Model(name="m", context_window=4096, max_output=4096).max_output == 4096


@pytest.mark.parametrize(
    ("features", "lacks"),
    [
        (None, {ModelFeature.VISION, ModelFeature.TOOLS}),
        (frozenset(ModelFeature), set()),
        (frozenset({ModelFeature.VISION}), {ModelFeature.TOOLS, ModelFeature.JSON_SCHEMA}),
        (frozenset(), set(ModelFeature)),
    ],
)
def test_what_is_said_of_a_model_weighs_more_than_its_name(
    features: frozenset[ModelFeature] | None, lacks: set[ModelFeature]
) -> None:
    assert Model(name="smollm2-135m-instruct", features=features).lacks == lacks


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("gpt-4o-mini", ModelType.LLM),
        ("meta-llama/Llama-3.1-8B", ModelType.LLM),
        ("text-embedding-3-small", ModelType.EMBEDDING),
        ("BAAI/bge-m3", ModelType.EMBEDDING),
        ("intfloat/e5-large", ModelType.EMBEDDING),
        ("BAAI/bge-reranker-v2-m3", ModelType.RERANK),
    ],
)
def test_a_listed_name_tells_its_type(name: str, type: ModelType) -> None:
    model = model_listed_as(name)
    assert model is not None
    assert (model.name, model.type) == (name, type)


@pytest.mark.parametrize("name", ["whisper-1", "tts-1", "dall-e-3", "omni-moderation-latest", ""])
def test_what_cannot_be_used_is_not_listed(name: str) -> None:
    assert model_listed_as(name) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_starts_with_the_same_model_twice(kind: str) -> None:
    names = [model.name for model in starter_models(kind)]
    assert len(names) == len(set(names))


def test_well_known_vendors_start_with_models() -> None:
    types = {model.type for model in starter_models("openai")}
    assert types == {ModelType.LLM, ModelType.EMBEDDING}
    assert starter_models("openai_compatible") == ()
