"""Where this process's database, Redis and model server are: given by URL, or embedded."""

from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import SecretStr

from dify_hex.bootstrap.settings import Settings

PARTS_FILE = "parts.json"


class NotConfigured(RuntimeError):
    """Something is neither given by URL nor running as an embedded part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """URLs with their credentials; what may be missing says what that means."""

    database_url: SecretStr
    #: The owner's login, which serving needs nowhere; with it the worker makes partitions ahead.
    database_admin_url: SecretStr | None
    database_system_url: SecretStr
    redis_url: SecretStr
    model_url: str | None
    model_api_key: SecretStr | None
    model_name: str | None
    #: None where nothing embeds.
    embedding_url: str | None = None
    embedding_api_key: SecretStr | None = None
    #: None where no sandbox runs.
    sandbox_url: str | None = None
    sandbox_token: SecretStr | None = None


def read_parts(run_folder: Path) -> dict[str, str]:
    """What `dify-hex up` has written about the parts it runs; empty when nothing runs."""
    try:
        found = orjson.loads((run_folder / PARTS_FILE).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return {str(key): str(value) for key, value in found.items() if value is not None}


def endpoints_of(settings: Settings) -> Endpoints:
    """The endpoints that the settings give, completed by the embedded parts that are running.

    Raises:
        NotConfigured: naming what is missing and the two ways to provide it.
    """
    parts = read_parts(settings.run_folder)

    def secret(given: SecretStr | None, key: str, variable: str) -> SecretStr:
        if given is not None:
            return given
        if key in parts:
            return SecretStr(parts[key])
        raise NotConfigured(f"{variable} is not set and no embedded part runs: try `dify-hex up`")

    model, embedding = settings.model, settings.embedding
    embedding_key = parts.get("embedding_api_key")
    key, owner = parts.get("model_api_key"), parts.get("database_admin_url")
    return Endpoints(
        database_url=secret(settings.database_url, "database_url", "DATABASE_URL"),
        database_admin_url=settings.database_admin_url
        or (SecretStr(owner) if owner and settings.database_url is None else None),
        database_system_url=secret(
            settings.database_system_url, "database_system_url", "DATABASE_SYSTEM_URL"
        ),
        redis_url=secret(settings.redis_url, "redis_url", "REDIS_URL"),
        model_url=model.url or parts.get("model_url"),
        model_api_key=model.api_key or (SecretStr(key) if key and not model.url else None),
        model_name=model.name,
        embedding_url=embedding.url or parts.get("embedding_url"),
        embedding_api_key=embedding.api_key
        or (SecretStr(embedding_key) if embedding_key and not embedding.url else None),
        sandbox_url=settings.sandbox.url or parts.get("sandbox_url"),
        sandbox_token=settings.sandbox.token,
    )
