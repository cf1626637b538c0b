"""The models that a tenant of the tests can choose from."""

from dify_hex.application.knowledge.model_choices import ModelChoices
from dify_hex.domain.model_provider.model import Model, ModelType
from tests.builders.knowledge import OTHER_MODEL
from tests.fakes.known_models import OneProvider, built_in_models

#: Besides the built-in ones: one that embeds, and one that talks.
MODELS = ModelChoices(
    built_in_models(
        base_url=None,
        providers=OneProvider(
            OTHER_MODEL.provider,
            Model(name=OTHER_MODEL.model, type=ModelType.EMBEDDING),
            Model(name="talks"),
        ),
    )
)
