"""Pools of connections to other servers; made closed, opened at first use."""

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from dify_hex.adapters.http_client.connection_pool import PooledTransport
from dify_hex.adapters.http_client.public_network import PublicTransport
from dify_hex.bootstrap.settings import PoolSettings


def http_client(pool: PoolSettings) -> httpx.AsyncClient:
    """The pool for servers of the operator; each call brings its own time limits."""
    return _without_habits(PooledTransport(_limits(pool)))


def tenants_http_client(pool: PoolSettings, *, private_allowed: bool) -> httpx.AsyncClient:
    """The pool for what tenants have called: public addresses only, unless told otherwise."""
    if private_allowed:
        return http_client(pool)
    return _without_habits(PublicTransport(_limits(pool)))


def _without_habits(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client that keeps no cookies, follows no redirects and heeds no environment."""
    return httpx.AsyncClient(
        transport=transport,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(60, connect=5, pool=10),
        follow_redirects=False,
        trust_env=False,
    )


def _limits(pool: PoolSettings) -> httpx.Limits:
    return httpx.Limits(
        max_connections=pool.http_connections,
        max_keepalive_connections=pool.http_connections,
        keepalive_expiry=30,
    )
