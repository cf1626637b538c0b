"""The list of models that a server of OpenAI's protocol offers."""

import asyncio

import httpx
import orjson

from dify_hex.adapters.openai.connection import Clients, read_all, unavailable
from dify_hex.application.model_provider.ports import ModelCatalogue, ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelNotFound, ModelTimeout
from dify_hex.domain.model_provider.model import MAX_NAME_LENGTH

_MAX_ANSWER = 8 << 20
_MAX_MODELS = 2000


class OpenAIModelCatalogue(ModelCatalogue):
    """Asks `GET /models`, which some servers do not have."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def offered_models(
        self, endpoint: ModelEndpoint, *, timeout: float
    ) -> tuple[str, ...] | None:
        """Names of the models, sorted; None where the server has no such list."""
        try:
            async with asyncio.timeout(timeout):
                response = await self._clients.get(endpoint, "/models")
                answer = await read_all(response, _MAX_ANSWER)
        except TimeoutError:
            raise ModelTimeout(provider=endpoint.provider_kind, seconds=timeout) from None
        except httpx.HTTPError as error:
            raise unavailable(endpoint, error) from error
        except ModelNotFound:
            return None
        try:
            names = {str(model["id"]) for model in orjson.loads(answer)["data"] if model["id"]}
        except (ValueError, TypeError, LookupError):
            return None
        return tuple(sorted(name for name in names if len(name) <= MAX_NAME_LENGTH)[:_MAX_MODELS])
