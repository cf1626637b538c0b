"""Which addresses a tenant may have its models called at."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid

MAX_URL_LENGTH = 2048
_SCHEMES = ("http", "https")
#: What `ipaddress`, or some release of it, calls global although it is not for everyone.
_SPECIAL = (
    # Reserved for protocol assignments.
    ip_network("192.0.0.0/24"),
    # Relays from IPv4 to IPv6, given up long ago (RFC 7526).
    ip_network("192.88.99.0/24"),
    # Azure's own services, which answer to every machine in it.
    ip_network("168.63.129.16/32"),
)
#: IPv4 inside IPv6, as translators write it.
_TRANSLATED = ip_network("64:ff9b::/96")
#: All that is routed as IPv6 on the open internet.
_UNICAST = ip_network("2000::/3")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")


def is_public_address(text: str) -> bool:
    """Whether a numeric address belongs to the open internet.

    Loopback, private, link-local, shared, multicast and reserved addresses do not, however they
    are wrapped. A cloud's metadata service is link-local, but for one that is listed here.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _translated(address)
        if inner is not None:
            address = inner
    if any(address in network for network in _SPECIAL):
        return False
    if address.version == 6 and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast


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


def _translated(address: IPv6Address) -> IPv4Address | None:
    if address not in _TRANSLATED:
        return None
    return IPv4Address(int(address) & 0xFFFFFFFF)
