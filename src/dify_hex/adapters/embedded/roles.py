"""The database's logins and what each may do: SQL that a superuser runs before the first migration.

It can be run again at any time, and is when a release changes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

DATABASE = "dify_hex"
OWNER = "dify_hex_owner"
APPLICATION = "dify_hex_app"
SYSTEM = "dify_hex_system"
#: Cannot log in; owns the few functions that look before the tenant is known.
DEFINER = "dify_hex_definer"

#: Searching by meaning needs it, and only a superuser may create it; the rest does without.
CREATE_VECTOR_EXTENSION = (
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') "
    "THEN CREATE EXTENSION IF NOT EXISTS vector SCHEMA public; END IF; "
    "EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege "
    "THEN NULL; END $$"
)

_ORDINARY = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RolePasswords:
    """The passwords that the three logins shall have."""

    owner: str
    application: str
    system: str


def role_statements(passwords: RolePasswords) -> tuple[str, ...]:
    """Make or correct the roles; for any database of the server."""
    logins = ((OWNER, passwords.owner), (APPLICATION, passwords.application),
              (SYSTEM, passwords.system))  # fmt: skip
    return (
        *(_create(role) for role in (OWNER, APPLICATION, SYSTEM, DEFINER)),
        *(
            f"ALTER ROLE {role} LOGIN {_ORDINARY} PASSWORD {literal(password)}"
            for role, password in logins
        ),
        f"ALTER ROLE {DEFINER} NOLOGIN {_ORDINARY}",
        # The owner hands functions over to the definer, and sees no row by its rights.
        f"ALTER ROLE {OWNER} NOINHERIT",
        f"GRANT {DEFINER} TO {OWNER}",
    )


def create_database_statement(database: str = DATABASE) -> str:
    """Make the database, which must not exist; outside a transaction."""
    return f"CREATE DATABASE {database} OWNER {OWNER} ENCODING 'UTF8' TEMPLATE template0"


def database_exists_query(database: str = DATABASE) -> str:
    """One row when the database exists."""
    return f"SELECT FROM pg_database WHERE datname = {literal(database)}"


def database_statements(database: str = DATABASE) -> Iterator[str]:
    """Give the database to its owner and close it to everyone else; run inside the database."""
    logins = f"{OWNER}, {APPLICATION}, {SYSTEM}"
    yield f"ALTER DATABASE {database} OWNER TO {OWNER}"
    yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {database} TO {logins}"
    yield f"ALTER SCHEMA public OWNER TO {OWNER}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {APPLICATION}, {SYSTEM}, {DEFINER}"
    yield CREATE_VECTOR_EXTENSION


def preparation_script(passwords: RolePasswords, database: str = DATABASE) -> str:
    """All of it as one script for `psql`."""
    create = literal(create_database_statement(database))
    missing = f"NOT EXISTS ({database_exists_query(database)})"
    return "\n".join(
        (
            *(f"{statement};" for statement in role_statements(passwords)),
            f"SELECT {create} WHERE {missing} \\gexec",
            f"\\connect {database}",
            *(f"{statement};" for statement in database_statements(database)),
        )
    )


def literal(text: str) -> str:
    """The text as an SQL literal."""
    if "\\" in text or "\0" in text:
        raise ValueError("a password has a backslash or a zero in it")
    return "'" + text.replace("'", "''") + "'"


def _create(role: str) -> str:
    # Two starts at once may both find it missing.
    return (
        f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object OR unique_violation "
        "THEN NULL; END $$"
    )
