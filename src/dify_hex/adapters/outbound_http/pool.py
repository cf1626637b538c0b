"""The process's connections to servers that tenants name, each along its own route."""

from pathlib import Path

import httpcore
import httpx

from dify_hex.adapters.outbound_http.network import GuardedNetwork

#: Connections that wait for another request; few are asked again, and each is a descriptor.
_MAX_IDLE = 64
_IDLE_SECONDS = 15.0


def make_pool(*, connections: int, ca_file: Path | None = None) -> httpcore.AsyncConnectionPool:
    """An empty pool of HTTP/1.1; `ca_file` holds authorities to believe beside the usual ones.

    Raises:
        OSError: the file cannot be read, or holds no certificates.
    """
    verifying = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        verifying.load_verify_locations(ca_file)
    trusting = httpx.create_ssl_context(verify=False, trust_env=False)
    for context in (verifying, trusting):
        context.set_alpn_protocols(["http/1.1"])
    return httpcore.AsyncConnectionPool(
        # Whatever the network does not replace is verified.
        ssl_context=verifying,
        max_connections=connections,
        max_keepalive_connections=min(_MAX_IDLE, connections),
        keepalive_expiry=_IDLE_SECONDS,
        http1=True,
        http2=False,
        network_backend=GuardedNetwork(verifying=verifying, trusting=trusting),
    )
