"""The installation's own models: what every tenant can use without configuring anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ModelEndpoint
from dify_hex.application.model_provider.read_models import UsableModel
from dify_hex.domain.model_provider.errors import ModelNotFound, ModelUnavailable
from dify_hex.domain.model_provider.kinds import BUILT_IN_KIND, BUILT_IN_PROVIDER
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.values.secret_text import SecretText

#: The model of a new App, whichever server stands behind the built-in provider.
DEFAULT_MODEL = "smollm2-135m-instruct"
#: The embedding model of a new Knowledge, likewise.
DEFAULT_EMBEDDING = "use-multilingual"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInEmbedding:
    """The server of the embedding model, which is another one than that of the words.

    `model` is what it calls the one that stands for the default.
    """

    base_url: str
    api_key: SecretText | None
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInModels:
    """The built-in provider, as the operator has set it up.

    `base_url` is None when there is no model server at all. `demonstration` says that it is the
    embedded one with its tiny model. An operator's own server may serve more models than are
    listed: it is `open`, and any name is passed on to it; `default_model` is the one that stands
    in for the embedded model, so that Apps made with that go on.
    """

    base_url: str | None
    api_key: SecretText | None
    default_model: str
    models: tuple[Model, ...]
    demonstration: bool
    open: bool
    embedding: BuiltInEmbedding | None = None

    def usable(self) -> Sequence[UsableModel]:
        """The models as a list shows them."""
        models = [] if self.base_url is None else [*self.models]
        if self.embedding is not None:
            models.append(self.embedding.model)
        return [
            UsableModel(
                provider=BUILT_IN_PROVIDER,
                name=model.name,
                type=model.type,
                context_window=model.context_window,
                max_output=model.max_output,
                demonstration=self.demonstration and model.type is ModelType.LLM,
            )
            for model in models
        ]

    def model(self, name: str, type: ModelType = ModelType.LLM) -> Model:
        """The model that serves calls of this name; `type` is what one that is not listed is for.

        Raises:
            ModelNotFound: the server has no such model.
        """
        if self.embedding is not None and name in {DEFAULT_EMBEDDING, self.embedding.model.name}:
            return self.embedding.model
        wanted = self.default_model if name == DEFAULT_MODEL else name
        for model in self.models:
            if model.name == wanted:
                return model
        if self.open:
            return Model(name=wanted, type=type, context_window=self.models[0].context_window)
        raise ModelNotFound(provider=BUILT_IN_PROVIDER, model=name)

    def endpoint(self, model: Model) -> ModelEndpoint:
        """Where the model is called.

        Raises:
            ModelUnavailable: this installation runs without a model server.
        """
        own = self.embedding
        if own is not None and model == own.model:
            return ModelEndpoint(
                provider_kind=BUILT_IN_KIND,
                base_url=own.base_url,
                api_key=own.api_key,
                model=model.name,
                trusted=True,
            )
        if self.base_url is None:
            raise ModelUnavailable(provider=BUILT_IN_PROVIDER, model=model.name)
        return ModelEndpoint(
            provider_kind=BUILT_IN_KIND,
            base_url=self.base_url,
            api_key=self.api_key,
            model=model.name,
            trusted=True,
        )
