"""Sends requests to servers of OpenAI's protocol over the process's pools."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache

import httpx

from dify_hex.adapters.openai.refusals import refusal_of
from dify_hex.application.model_provider.call_failures import failure_of
from dify_hex.application.model_provider.ports import ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBaseUrlInvalid,
    ModelUnavailable,
)
from dify_hex.domain.model_provider.kinds import KINDS

_CONNECT_TIMEOUT = 5.0
_POOL_TIMEOUT = 10.0
_WRITE_TIMEOUT = 30.0
#: Reading has no limit of its own: whoever calls limits the whole, or the model's silence.
_TIMEOUT = httpx.Timeout(
    connect=_CONNECT_TIMEOUT, pool=_POOL_TIMEOUT, write=_WRITE_TIMEOUT, read=None
).as_dict()
_MAX_ERROR_BYTES = 64 << 10
_ERROR_BODY_SECONDS = 5.0
#: A pooled connection that its server closes at the very moment of reuse shows itself as these.
_STALE = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The process's pools: one for addresses that the operator has set, one for tenants'.

    Neither follows redirects (a credential would travel along), keeps cookies, or believes the
    environment's proxies; that of the tenants connects to public addresses only, unless the
    operator allows private ones.
    """

    operator: httpx.AsyncClient
    tenants: httpx.AsyncClient

    async def post(
        self,
        endpoint: ModelEndpoint,
        path: str,
        body: bytes,
        *,
        accept: str = "application/json",
        idempotency_key: str | None = None,
        traceparent: str | None = None,
    ) -> httpx.Response:
        """Post to the endpoint; the answer's body is unread, and must be closed.

        Raises:
            DomainError: the server refused; by kind, see `failure_of`.
            ModelUnavailable: it cannot be reached.
            ModelBaseUrlInvalid: its address is none, or not a public one.
        """
        headers = {**_headers(endpoint), "content-type": "application/json", "accept": accept}
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        if traceparent is not None:
            headers["traceparent"] = traceparent
        return await self._send(endpoint, "POST", path, headers, body)

    async def get(self, endpoint: ModelEndpoint, path: str) -> httpx.Response:
        """Get from the endpoint; like `post` otherwise."""
        return await self._send(endpoint, "GET", path, _headers(endpoint), None)

    async def _send(
        self,
        endpoint: ModelEndpoint,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
    ) -> httpx.Response:
        client = self.operator if endpoint.trusted else self.tenants
        url = _url(endpoint.base_url or _default_base_url(endpoint), path)
        try:
            try:
                response = await _send_once(client, method, url, headers, body)
            except _STALE:
                response = await _send_once(client, method, url, headers, body)
        except httpx.HTTPError as error:
            raise unavailable(endpoint, error) from error
        if response.status_code == 200 and _is_plain(response):
            return response
        raise failure_of(endpoint, refusal_of(response, await _error_body(response)))


def unavailable(endpoint: ModelEndpoint, error: httpx.HTTPError) -> ModelUnavailable:
    """The domain's word for trouble on the way; the reason is its kind, never its text."""
    return ModelUnavailable(
        provider=endpoint.provider_kind, model=endpoint.model, reason=type(error).__name__
    )


async def read_all(response: httpx.Response, limit: int) -> bytes:
    """The whole body, unpacked by nobody and at most `limit` bytes of it; closes the answer."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in response.aiter_raw():
            parts.append(part)
            size += len(part)
            if size >= limit:
                break
    finally:
        await response.aclose()
    return b"".join(parts)[:limit]


def _is_plain(response: httpx.Response) -> bool:
    """Neither packed, which was not asked for, nor a page for people."""
    packed = response.headers.get("content-encoding", "identity") != "identity"
    return not packed and "html" not in response.headers.get("content-type", "")


async def _send_once(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    headers: dict[str, str],
    body: bytes | None,
) -> httpx.Response:
    request = httpx.Request(
        method, url, headers=headers, content=body, extensions={"timeout": _TIMEOUT}
    )
    return await client.send(request, stream=True)


async def _error_body(response: httpx.Response) -> bytes:
    try:
        async with asyncio.timeout(_ERROR_BODY_SECONDS):
            return await read_all(response, _MAX_ERROR_BYTES)
    except (httpx.HTTPError, TimeoutError):
        return b""


def _headers(endpoint: ModelEndpoint) -> dict[str, str]:
    # Compressed answers are not asked for: unpacking has no bound, and tokens come in small pieces.
    headers = {"accept-encoding": "identity", "user-agent": "dify-hex", **dict(endpoint.headers)}
    if endpoint.api_key is not None:
        key = endpoint.api_key.reveal()
        if not (key.isascii() and key.isprintable()):
            # No header can hold it, and the library that found out would put it in its message.
            raise ModelAuthenticationFailed(provider=endpoint.provider_kind, model=endpoint.model)
        headers["authorization"] = f"Bearer {key}"
    return headers


def _default_base_url(endpoint: ModelEndpoint) -> str:
    kind = KINDS.get(endpoint.provider_kind)
    if kind is None or kind.base_url is None:
        raise ModelBaseUrlInvalid(reason="required")
    return kind.base_url


@lru_cache(maxsize=1024)
def _url(base_url: str, path: str) -> httpx.URL:
    try:
        return httpx.URL(base_url.rstrip("/") + path)
    except httpx.InvalidURL:
        raise ModelBaseUrlInvalid(reason="malformed") from None
