"""Which API the commands talk to, and in which language it answers."""

from collections.abc import Mapping

from dify_hex.entrypoints.cli.credentials import Logins
from dify_hex.entrypoints.cli.failures import unusable

DEFAULT_PORT = "8000"


def api_url(environment: Mapping[str, str], logins: Logins, given: str | None = None) -> str:
    """What the command line says, else DIFY_HEX_URL, else the last sign-in, else this machine.

    Raises:
        CommandFailed: it is no URL.
    """
    url = (
        given or environment.get("DIFY_HEX_URL") or logins.current or _on_this_machine(environment)
    )
    if not url.startswith(("http://", "https://")):
        raise unusable(f"{url!r} is not the URL of an API.", "It begins with http:// or https://.")
    return url.rstrip("/")


def language_of(environment: Mapping[str, str]) -> str:
    """What to ask for as Accept-Language, by the locale of the terminal."""
    name = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh-CN" if name.startswith("zh") else "en"


def _on_this_machine(environment: Mapping[str, str]) -> str:
    port = environment.get("DIFY_HEX_PORT") or environment.get("PORT") or DEFAULT_PORT
    return f"http://127.0.0.1:{port}"
