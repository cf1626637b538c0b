"""The cookie that carries a refresh token."""

from typing import Annotated

from fastapi import Cookie
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.account.tokens import SignedIn
from dify_hex.entrypoints.http.envelope import ok
from dify_hex.entrypoints.http.v1.auth.schemas import TokenResponse

COOKIE = "dify_hex_refresh"
_PATH = "/v1/auth"

RefreshCookie = Annotated[
    str | None,
    Cookie(alias=COOKIE, max_length=200, description="Set by signing in; never readable."),
]


def tokens(request: Request, signed_in: SignedIn) -> Response:
    """200 with the access token, the refresh token beside it in its cookie."""
    response = ok(TokenResponse.of(signed_in))
    response.set_cookie(
        COOKIE,
        signed_in.refresh_token,
        expires=signed_in.session_expires_at,
        path=_PATH,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
    )
    return response


def forget_cookie(request: Request, response: Response) -> Response:
    """The same answer, telling the browser to drop the cookie."""
    response.delete_cookie(
        COOKIE,
        path=_PATH,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
    )
    return response
