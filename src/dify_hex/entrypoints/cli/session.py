"""As whom the commands call: with a key, or with a sign-in that is renewed when it runs out."""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from dify_hex.entrypoints.cli.credentials import CredentialsFile, Login
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus
from dify_hex.entrypoints.cli.refusals import SIGN_IN, refusal, unreachable

COOKIE = "dify_hex_refresh"
#: Seconds before its end at which an access token is renewed.
_EARLY = 30.0


class Credential(Protocol):
    """What a request is sent with."""

    def token(self) -> str:
        """What follows `Bearer`."""
        ...

    def renew(self) -> bool:
        """Get a new token after the last one was refused; whether there is one."""
        ...


class ApiKey:
    """A key; when it is refused, there is no other."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def token(self) -> str:
        """The key."""
        return self._secret

    def renew(self) -> bool:
        """A key is good or it is not."""
        return False


class SignedIn:
    """A sign-in that is kept in the file, and renewed there for every command."""

    def __init__(self, url: str, login: Login, file: CredentialsFile, client: httpx.Client) -> None:
        self._url = url
        self._login = login
        self._file = file
        self._client = client

    def token(self) -> str:
        """The access token, renewed in time."""
        if self._login.expires_at - _EARLY < time.time():
            self.renew()
        return self._login.access_token

    def renew(self) -> bool:
        """Exchange the refresh token, unless another command has just done that."""
        with self._file.locked():
            kept = self._file.read().by_url.get(self._url)
            if kept is not None and kept.access_token != self._login.access_token:
                self._login = kept
                return True
            self._login = self._refreshed(kept or self._login)
            self._file.write(self._file.read().having(self._url, self._login))
        return True

    def _refreshed(self, login: Login) -> Login:
        try:
            response = self._client.post(
                "/v1/auth/refresh", headers={"Cookie": f"{COOKIE}={login.refresh_token}"}
            )
        except httpx.HTTPError as error:
            raise unreachable(self._url, error) from error
        if response.is_success:
            return login_of(login.email, response)
        raise refusal(self._url, response)


def credential_for(
    url: str, environment: Mapping[str, str], file: CredentialsFile, client: httpx.Client
) -> Credential:
    """The key that the environment gives, else the sign-in at that URL; never one of another.

    Raises:
        CommandFailed: there is neither.
    """
    if key := environment.get("DIFY_HEX_API_KEY"):
        return ApiKey(key)
    if login := file.read().by_url.get(url):
        return SignedIn(url, login, file, client)
    raise CommandFailed(
        f"You are not signed in at {url}.",
        code="cli_not_signed_in",
        status=ExitStatus.NOT_SIGNED_IN,
        hint=SIGN_IN,
    )


def login_of(email: str, response: httpx.Response) -> Login:
    """What the API has answered to a sign-in or a renewal."""
    told: dict[str, Any] = response.json()["data"]
    return Login(
        email=email,
        tenant_id=told["tenant_id"],
        access_token=told["access_token"],
        refresh_token=response.cookies.get(COOKIE) or "",
        expires_at=time.time() + told["expires_in"],
    )
