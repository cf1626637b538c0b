"""Makes database and logins on a server that is not ours, once, by its superuser.

`DATABASE_SUPERUSER_URL=postgresql://… python -m dify_hex.bootstrap.database_preparation` prints
the variables that the service then needs.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import asyncpg

from dify_hex.adapters.embedded import roles
from dify_hex.adapters.embedded.postgres import DatabaseUrls
from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn


async def prepare_database(
    superuser_url: str,
    *,
    database: str = roles.DATABASE,
    passwords: roles.RolePasswords | None = None,
) -> DatabaseUrls:
    """Make the database and the three logins, or correct them, and return their URLs.

    Run again, it changes the passwords: to those given, else to new random ones.

    Raises:
        asyncpg.PostgresError: the login may not do that.
        OSError: the server cannot be reached.
    """
    chosen = passwords or roles.RolePasswords(
        owner=secrets.token_urlsafe(24),
        application=secrets.token_urlsafe(24),
        system=secrets.token_urlsafe(24),
    )
    server = await asyncpg.connect(driver_dsn(superuser_url), timeout=CONNECT_TIMEOUT)
    try:
        for statement in roles.role_statements(chosen):
            await server.execute(statement)
        if not await server.fetch(roles.database_exists_query(database)):
            await server.execute(roles.create_database_statement(database))
    finally:
        await server.close()
    inside = await asyncpg.connect(
        driver_dsn(_in_database(superuser_url, database)), timeout=CONNECT_TIMEOUT
    )
    try:
        for statement in roles.database_statements(database):
            await inside.execute(statement)
    finally:
        await inside.close()
    return DatabaseUrls(
        application=_as_login(superuser_url, database, roles.APPLICATION, chosen.application),
        owner=_as_login(superuser_url, database, roles.OWNER, chosen.owner),
        system=_as_login(superuser_url, database, roles.SYSTEM, chosen.system),
        superuser=superuser_url,
    )


def as_variables(urls: DatabaseUrls) -> Mapping[str, str]:
    """The URLs as the environment variables that the service reads."""
    return {
        "DATABASE_URL": urls.application,
        "DATABASE_ADMIN_URL": urls.owner,
        "DATABASE_SYSTEM_URL": urls.system,
    }


def _in_database(url: str, database: str) -> str:
    parts = urlsplit(url)
    return _joined(parts.scheme, parts.netloc, database, parts.query)


def _as_login(url: str, database: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{quote(password, safe='')}@{address}"
    return _joined("postgresql+asyncpg", netloc, database, parts.query)


def _joined(scheme: str, netloc: str, database: str, query: str) -> str:
    # An empty address means a socket that the query names; `urlunsplit` would lose its slashes.
    return f"{scheme}://{netloc}/{database}" + (f"?{query}" if query else "")


def main() -> int:
    """Prepare the server that the environment names, and print the URLs of its logins."""
    url = os.environ.get("DATABASE_SUPERUSER_URL")
    if not url:
        sys.stderr.write("set DATABASE_SUPERUSER_URL to the URL of the server's superuser\n")
        return 2
    try:
        urls = asyncio.run(prepare_database(url))
    except (OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"the database could not be prepared: {error}\n")
        return 1
    for name, value in as_variables(urls).items():
        sys.stdout.write(f"{name}='{value}'\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
