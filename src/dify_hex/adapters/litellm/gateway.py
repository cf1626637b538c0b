"""LiteLLM, loaded when the first model needs it: seconds of work that no start-up pays for."""

import asyncio
import logging
import os
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import httpx

from dify_hex.adapters.litellm.lent_connections import LentConnections
from dify_hex.application.model_provider.ports import AddressGuard, ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelAuthenticationFailed

#: Read by LiteLLM while it is imported: no price list from the net, no `.env` file.
_ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
_SETTINGS = {
    "suppress_debug_info": True,
    "turn_off_message_logging": True,
    "disable_streaming_logging": True,
    # A parameter that a vendor does not know is left out instead of failing the call.
    "drop_params": True,
}
#: Classes whose validators are built at first use: here, instead of on the event loop.
_SHAPES = ("ModelResponse", "ModelResponseStream", "EmbeddingResponse")
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
#: LiteLLM takes this for the name of a variable of the environment, which belongs to the operator.
_REFERENCE = "os.environ/"
#: What LiteLLM expects behind the address of vendors whose paths do not begin with `/v1`.
_PATHS = {"anthropic": "", "azure": "", "cohere": "/v2/chat", "gemini": "/v1beta"}
_AZURE_API_VERSION = "2024-10-21"


class LiteLLMGateway:
    """The library of the process; its calls go over `client` and to addresses that `guard` lets
    pass.

    The library keeps its settings in its module, so a process has one gateway at a time.
    """

    def __init__(self, *, client: httpx.AsyncClient, guard: AddressGuard) -> None:
        self._client = client
        self._guard = guard
        self._loading = asyncio.Lock()
        self._library: Any = None

    async def library(self) -> Any:
        """The module; imported in a thread by whoever asks first, while the others wait."""
        async with self._loading:
            if self._library is None:
                library = await asyncio.to_thread(_import)
                _configure(library, self._client)
                self._library = library
            return self._library

    async def arguments(self, endpoint: ModelEndpoint) -> dict[str, Any]:
        """What says in each call which model is meant, and how to be let in.

        Raises:
            ModelAuthenticationFailed: there is no credential that could be sent.
            ModelBaseUrlInvalid: the address is not a public one.
        """
        if endpoint.base_url is not None and not endpoint.trusted:
            await self._guard.check(endpoint.base_url)
        arguments: dict[str, Any] = {
            "model": f"{endpoint.provider_kind}/{endpoint.model}",
            "api_key": _key(endpoint),
            "api_base": _api_base(endpoint),
            "max_retries": 0,
            "num_retries": 0,
        }
        if endpoint.provider_kind == "azure":
            arguments["api_version"] = _AZURE_API_VERSION
        return arguments


def _import() -> Any:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        # It warns of itself, and nobody here can do anything about it.
        warnings.simplefilter("ignore")
        library = import_module("litellm")
        import_module("litellm.llms.custom_httpx.http_handler")
        for shape in _SHAPES:
            getattr(library, shape)()
    return library


def _configure(library: Any, client: httpx.AsyncClient) -> None:
    for name, value in _SETTINGS.items():
        setattr(library, name, value)
    for name in _LOGGERS:
        # It logs whole requests when something fails.
        logging.getLogger(name).disabled = True
    # Most vendors' calls are made by a handler that opens its own connections, follows redirects
    # and cannot be told otherwise; the others' by OpenAI's client, which takes a session.
    handler = library.llms.custom_httpx.http_handler.AsyncHTTPHandler
    handler.create_client = _lending(client)
    library.aclient_session = _lending(client)(None)
    library.module_level_aclient = handler()
    library.in_memory_llm_clients_cache.flush_cache()


def _lending(client: httpx.AsyncClient) -> Callable[..., httpx.AsyncClient]:
    def create_client(_handler: object, *_: object, **__: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=LentConnections(client), follow_redirects=False, trust_env=False
        )

    return create_client


def _key(endpoint: ModelEndpoint) -> str:
    key = "" if endpoint.api_key is None else endpoint.api_key.reveal()
    if not key or not (key.isascii() and key.isprintable()) or key.startswith(_REFERENCE):
        # Without a key the library would look for one of the operator's in the environment.
        raise ModelAuthenticationFailed(provider=endpoint.provider_kind, model=endpoint.model)
    return key


def _api_base(endpoint: ModelEndpoint) -> str | None:
    base_url = endpoint.base_url
    if base_url is None or endpoint.provider_kind not in _PATHS:
        return base_url
    root = base_url.removesuffix("/v1")
    return base_url if root == base_url else root + _PATHS[endpoint.provider_kind]
