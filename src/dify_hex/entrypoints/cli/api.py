"""The API as the commands see it: answers are data, refusals are failures with advice."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, BinaryIO, Self

import httpx

from dify_hex.entrypoints.cli.credentials import CredentialsFile
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus
from dify_hex.entrypoints.cli.refusals import not_ours, refusal, unreachable
from dify_hex.entrypoints.cli.session import Credential, credential_for
from dify_hex.entrypoints.cli.sse import EventParser, ServerEvent
from dify_hex.entrypoints.cli.target import api_url, language_of

#: Seconds for an answer that is not a stream; a blocking chat takes as long as its model.
_TIMEOUT = httpx.Timeout(120, connect=5)
#: A stream says something, if only a ping, every ten seconds.
_STREAM_TIMEOUT = httpx.Timeout(30, connect=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API said; `version` is the ETag as If-Match wants it."""

    data: Any
    pagination: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None


class StreamCut(CommandFailed):
    """A stream ended before its end."""


class Api:
    """One caller of one API.

    Every method raises `CommandFailed` for what the API refuses, and when nobody answers.
    """

    def __init__(self, client: httpx.Client, credential: Credential) -> None:
        self._client = client
        self._credential = credential

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The API that the environment and the last sign-in name, as whom they say."""
        file = CredentialsFile.of(environment)
        url = api_url(environment, file.read())
        client = open_client(url, environment)
        return cls(client, credential_for(url, environment, file, client))

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._client.base_url).rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        version: str | None = None,
    ) -> Answer:
        """One request; what is None in `query` is left out."""
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        headers = {} if version is None else {"If-Match": version}
        request = self._client.build_request(
            method, path, json=body, params=given, headers=headers, timeout=_TIMEOUT
        )
        return _understood(self._send(request))

    def upload(self, path: str, name: str, content: BinaryIO, fields: Mapping[str, str]) -> Answer:
        """Send a form with one file, from its beginning, in pieces."""
        request = self._client.build_request(
            "POST", path, files={"file": (name, content)}, data=fields, timeout=_TIMEOUT
        )
        return _understood(self._send(request))

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """Open the content of a file, to be read in pieces.

        Raises:
            StreamCut: it broke off while it was read.
        """
        request = self._client.build_request("GET", path, timeout=_TIMEOUT)
        response = self._send(request, stream=True)
        try:
            yield _pieces(response)
        finally:
            response.close()

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Iterator[ServerEvent]]:
        """Open an event stream.

        Raises:
            StreamCut: it broke off while it was read.
        """
        request = self._client.build_request(
            method, path, json=body, params=query, headers=headers, timeout=_STREAM_TIMEOUT
        )
        response = self._send(request, stream=True)
        try:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise not_ours(self.url, response)
            yield _events(response)
        finally:
            response.close()

    def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        """The answer, once it is a good one; an access token that is over is renewed once."""
        request.headers["Authorization"] = f"Bearer {self._credential.token()}"
        response = self._try(request, stream=stream)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._credential.renew():
            response.close()
            request.headers["Authorization"] = f"Bearer {self._credential.token()}"
            response = self._try(request, stream=stream)
        if response.is_success:
            return response
        try:
            response.read()
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error
        finally:
            response.close()
        raise refusal(self.url, response)

    def _try(self, request: httpx.Request, *, stream: bool) -> httpx.Response:
        try:
            return self._client.send(request, stream=stream)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise unreachable(self.url, error) from error
        except httpx.HTTPError as error:
            raise _cut(error) from error


def open_client(url: str, environment: Mapping[str, str] = os.environ) -> httpx.Client:
    """A client that keeps no cookies and follows nobody elsewhere."""
    return httpx.Client(
        base_url=url,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        # A command asks a few times only: no connection outlives its answer.
        limits=httpx.Limits(max_keepalive_connections=0),
        headers={"Accept-Language": language_of(environment), "User-Agent": "dify-hex"},
        follow_redirects=False,
    )


def _events(response: httpx.Response) -> Iterator[ServerEvent]:
    parser = EventParser()
    try:
        for chunk in response.iter_bytes():
            yield from parser.feed(chunk)
    except httpx.HTTPError as error:
        raise _cut(error) from error


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes()
    except httpx.HTTPError as error:
        raise _cut(error) from error


def _cut(error: httpx.HTTPError) -> StreamCut:
    return StreamCut(
        f"The connection broke off ({type(error).__name__}).",
        code="cli_connection_cut",
        status=ExitStatus.UNREACHABLE,
        hint="Whether it was done is not known; look before you repeat it.",
    )


def _understood(response: httpx.Response) -> Answer:
    if response.status_code == httpx.codes.NO_CONTENT:
        return Answer(data=None)
    try:
        said = response.json()
        data, pagination = said["data"], said.get("pagination", {})
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise not_ours(str(response.request.url), response) from None
    return Answer(data=data, pagination=pagination, version=response.headers.get("etag"))
