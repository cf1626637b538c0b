"""Lets people name things as they know them, where the API wants ids."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.failures import CommandFailed


def id_of_app(api: Api, given: str) -> str:
    """The id of the app with this id, slug or name.

    Raises:
        CommandFailed: there is none.
    """
    return _id_of(api, "/v1/apps", given, kind="app", known_by=("slug", "name"))


def id_of_provider(api: Api, given: str) -> str:
    """The id of the model provider with this id or name.

    Raises:
        CommandFailed: there is none.
    """
    return _id_of(api, "/v1/model-providers", given, kind="model provider", known_by=("name",))


def id_of_knowledge(api: Api, given: str) -> str:
    """The id of the Knowledge with this id or name.

    Raises:
        CommandFailed: there is none.
    """
    return _id_of(api, "/v1/knowledge", given, kind="Knowledge", known_by=("name",))


def find_knowledge(api: Api, name: str) -> Mapping[str, Any] | None:
    """The Knowledge with this id or name, if there is one."""
    if _is_id(name):
        found: Mapping[str, Any] = api.call("GET", f"/v1/knowledge/{name}").data
        return found
    listed = api.call("GET", "/v1/knowledge", query={"q": name, "limit": 100}).data
    return _match(listed, name, ("name",))


def _id_of(api: Api, path: str, given: str, *, kind: str, known_by: Sequence[str]) -> str:
    if _is_id(given):
        return given
    # A slug was made from a name, so that at least its first word is in that.
    for words in dict.fromkeys((given, given.replace("-", " "), given.split("-", maxsplit=1)[0])):
        found = api.call("GET", path, query={"q": words, "limit": 100}).data
        if item := _match(found, given, known_by):
            return str(item["id"])
    plural = path.rsplit("/", 1)[-1].replace("model-providers", "models")
    raise CommandFailed(
        f"There is no {kind} called {given!r}.",
        code="cli_name_unknown",
        hint=f"`dify-hex {plural} list` shows what there is.",
    )


def _match(
    items: Sequence[Mapping[str, Any]], given: str, known_by: Sequence[str]
) -> Mapping[str, Any] | None:
    for name in known_by:
        for item in items:
            if _plain(str(item[name])) == _plain(given):
                return item
    return None


def _plain(name: str) -> str:
    """A name as it is typed in a shell: `support-bot` means `Support bot` too."""
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
