"""Which addresses a tenant may have its models called at."""

from urllib.parse import urlsplit

from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid
from dify_hex.domain.shared.values.network_address import is_public, parse_address

MAX_URL_LENGTH = 2048
_SCHEMES = ("http", "https")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")


def is_public_address(text: str) -> bool:
    """Whether a numeric address belongs to the open internet, however it is wrapped."""
    return is_public(parse_address(text))


def checked_base_url(url: str, *, private_allowed: bool) -> str:
    """The URL in its stored form: no trailing slash, and `/v1` where no path was given.

    Only what the text itself shows is judged; a name is judged again when it is resolved.

    Raises:
        ModelBaseUrlInvalid: saying in `reason` what is wrong: `malformed`, `scheme`,
            `credentials`, `query` or `private_address`.
    """
    url = url.strip()
    if len(url) > MAX_URL_LENGTH or not url.isprintable() or " " in url or "\\" in url:
        raise ModelBaseUrlInvalid(reason="malformed")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ModelBaseUrlInvalid(reason="malformed") from None
    if parts.scheme not in _SCHEMES:
        raise ModelBaseUrlInvalid(reason="scheme")
    if not host or port == 0:
        raise ModelBaseUrlInvalid(reason="malformed")
    if "@" in parts.netloc:
        raise ModelBaseUrlInvalid(reason="credentials")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ModelBaseUrlInvalid(reason="query")
    if not private_allowed and _is_private_host(host):
        raise ModelBaseUrlInvalid(reason="private_address")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def _is_private_host(host: str) -> bool:
    name = host.rstrip(".").lower()
    if any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES):
        return True
    try:
        return not is_public_address(name)
    except ValueError:
        return False
