"""What `dify-hex up` reads from the environment: little, so that it stays small in memory.

The processes that it starts read all of it, with the full settings.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from dify_hex.bootstrap.home import default_home

#: All or none: each is a login of its own.
DATABASE_VARIABLES = ("DATABASE_URL", "DATABASE_ADMIN_URL", "DATABASE_SYSTEM_URL")
_TRUSTED_PROXIES = "DIFY_HEX_TRUSTED_PROXIES"
_PRIVATE_ADDRESSES = "DIFY_HEX_MODEL_PRIVATE_ADDRESSES"
_FOR_SANDBOX = ("DIFY_HEX_SANDBOX_", "DIFY_HEX_LOG_")
_HARMLESS = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH"})
#: What binds to every address is reached at these.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared only


class BadOption(ValueError):
    """A variable does not say what it should; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """Where to run, and which parts are given by URL instead."""

    home: Path
    bind: str
    port: int
    has_database: bool
    has_redis: bool
    has_model: bool
    has_embedding: bool
    has_sandbox: bool
    model_threads: int
    embedding_threads: int
    shutdown_grace: float

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment; an empty variable counts as one that is not set.

        Raises:
            BadOption: a number is none, or only some logins of the database are given.
        """
        given = {name: value for name, value in environment.items() if value.strip()}
        present = [name for name in DATABASE_VARIABLES if name in given]
        if present and len(present) < len(DATABASE_VARIABLES):
            missing = " and ".join(name for name in DATABASE_VARIABLES if name not in given)
            raise BadOption(
                f"{' and '.join(present)} came without {missing}: give all of them, each with its "
                "own login, or none for the embedded database"
            )
        return cls(
            home=Path(given["DIFY_HEX_HOME"]) if "DIFY_HEX_HOME" in given else default_home(),
            bind=given.get("DIFY_HEX_BIND", "127.0.0.1"),
            port=int(_number(given, "DIFY_HEX_PORT", _number(given, "PORT", 8000))),
            has_database=bool(present),
            has_redis="REDIS_URL" in given,
            has_model="DIFY_HEX_MODEL_URL" in given,
            has_embedding="DIFY_HEX_EMBEDDING_URL" in given,
            has_sandbox="DIFY_HEX_SANDBOX_URL" in given,
            model_threads=int(_number(given, "DIFY_HEX_MODEL_THREADS", 0)),
            embedding_threads=int(_number(given, "DIFY_HEX_EMBEDDING_THREADS", 0)),
            shutdown_grace=_number(given, "DIFY_HEX_SHUTDOWN_GRACE", 20),
        )

    @property
    def host(self) -> str:
        """The address at which a program on this machine reaches the API."""
        return _ANYWHERE.get(self.bind, self.bind)

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody on another machine can reach the API."""
        try:
            return ip_address(self.bind).is_loopback
        except ValueError:
            return self.bind == "localhost"

    @property
    def url(self) -> str:
        """The API's base URL for people on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def _number(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    is_whole = number.is_integer() or name.endswith("GRACE")
    if not (0 <= number < math.inf and is_whole):
        raise BadOption(f"{name} is {text!r}, which is no such number")
    return number


def sandbox_environment(home: Path, address: str) -> dict[str, str]:
    """The environment of the process that runs foreign code: nothing of ours that is secret."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_FOR_SANDBOX) or name in _HARMLESS
    }
    return {**own, "DIFY_HEX_HOME": os.fspath(home), "DIFY_HEX_SANDBOX_LISTEN": address}


def child_environment(options: UpOptions, home: Path) -> dict[str, str]:
    """The environment of the processes that serve: ours, and the data folder we use.

    Whoever works on this machine may have models called that run on it, unless we are told not to.
    A proxy in front lets others in.
    """
    is_private = options.is_for_this_machine and not os.environ.get(_TRUSTED_PROXIES)
    return {
        _PRIVATE_ADDRESSES: str(is_private).lower(),
        **os.environ,
        "DIFY_HEX_HOME": os.fspath(home),
    }
