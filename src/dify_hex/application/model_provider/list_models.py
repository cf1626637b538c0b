"""Every model that a tenant can use now."""

from collections.abc import Sequence

from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.ports import ModelProviderReader
from dify_hex.application.model_provider.read_models import UsableModel
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.model import ModelType


class ListModels:
    """Lists the models that apps can be given.

    - Those of the installation come first, then those of the tenant's enabled providers.
    - A model that is fit for trying out only is marked as such.
    """

    def __init__(self, *, providers: ModelProviderReader, built_in: BuiltInModels) -> None:
        self._providers = providers
        self._built_in = built_in

    async def execute(self, actor: Actor, type: ModelType | None = None) -> Sequence[UsableModel]:
        """The models, of one type if that is asked for."""
        actor.require(Permission.MODEL_READ)
        own = await self._providers.list_usable_models(actor.tenant_id, type=type)
        built_in = [model for model in self._built_in.usable() if type in {None, model.type}]
        return [*built_in, *own]
