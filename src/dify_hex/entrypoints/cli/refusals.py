"""What to do about each kind of refusal, beside what the API itself says."""

from collections.abc import Mapping
from typing import Any

import httpx

from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus

SIGN_IN = "Sign in with `dify-hex login`, or set DIFY_HEX_URL and DIFY_HEX_API_KEY."
_HINTS: Mapping[str, str] = {
    "app_not_published": "Publish it with `dify-hex apps publish`.",
    "app_nothing_to_publish": "Change the draft first, with `dify-hex apps draft`.",
    "app_configuration_invalid": "Correct it with `dify-hex apps draft`, then publish again.",
    "app_archived": "Bring it back with `dify-hex apps archive --undo`.",
    "biz_concurrent_modification": "Somebody was faster: look again, then repeat the command.",
    "sys_overloaded": "The process is full; try again in a moment.",
    "document_exists": "Add it all the same with --duplicate.",
    "setup_already_done": "Sign in with `dify-hex login`.",
}
_STATUS_HINTS: Mapping[int, str] = {
    401: SIGN_IN,
    403: "Ask somebody whose role allows it, or use another key.",
    503: "It may pass by itself; `dify-hex doctor` looks into it.",
    500: "It is a fault of the service; its log has more under this request's id.",
}


def refusal(url: str, response: httpx.Response) -> CommandFailed:
    """The error that the API has answered."""
    try:
        said = response.json()
        code, message = str(said["code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        return not_ours(url, response)
    status = response.status_code
    signed_out = status == httpx.codes.UNAUTHORIZED
    return CommandFailed(
        message,
        code=code,
        status=ExitStatus.NOT_SIGNED_IN if signed_out else ExitStatus.REFUSED,
        hint=_hint(status, code, response.headers),
        details=_details(said),
        request_id=str(said.get("request_id", "")),
    )


def unreachable(url: str, error: Exception) -> CommandFailed:
    """Nobody answers at all."""
    return CommandFailed(
        f"Nobody answers at {url} ({error}).",
        code="cli_unreachable",
        status=ExitStatus.UNREACHABLE,
        hint="Start it with `dify-hex up`, or say where it is with DIFY_HEX_URL.",
    )


def not_ours(url: str, response: httpx.Response) -> CommandFailed:
    """Somebody answers, who is not this API."""
    return CommandFailed(
        f"What answers at {url} is no dify-hex API (status {response.status_code}).",
        code="cli_not_an_api",
        status=ExitStatus.UNREACHABLE,
        hint="Correct DIFY_HEX_URL, or sign in at the right place with `dify-hex login --url`.",
    )


def _hint(status: int, code: str, headers: httpx.Headers) -> str:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return f"Try again in {headers.get('retry-after', 'a few')} seconds."
    return _HINTS.get(code) or _STATUS_HINTS.get(status, "")


def _details(said: Mapping[str, Any]) -> Mapping[str, Any]:
    found = said.get("details")
    return found if isinstance(found, Mapping) else {}
