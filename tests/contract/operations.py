"""Every operation of the OpenAPI document, ready to be called."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from dify_hex.domain.account.permissions import Permission
from tests.contract.sample_bodies import sample, sample_body
from tests.contract.world import World

PUBLIC = "public"
ANYONE = "authenticated"
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address, and whom it says it admits."""

    method: str
    template: str
    permission: str
    name: str
    body: Any
    parameters: tuple[str, ...]
    #: Query parameters that have to be there.
    query: Mapping[str, Any]
    needs_version: bool

    @property
    def required(self) -> Permission | None:
        """The permission that a caller must have; None when being signed in is enough."""
        return None if self.permission in (PUBLIC, ANYONE) else Permission(self.permission)

    def call(self, world: World, credential: str | None, ids: Mapping[str, str]) -> httpx.Response:
        """Call it with a body that is valid, at the address that the ids make."""
        path = self.template.format_map(ids)
        headers = {"if-match": '"1"'} if self.needs_version else {}
        body = {} if self.body is None else {"json": self.body}
        return world.call(self.method, path, credential, headers=headers, params=self.query, **body)

    def nowhere(self) -> dict[str, str]:
        """Ids of things that do not exist."""
        return {name: _absent(name) for name in self.parameters}


def operations_of(document: Mapping[str, Any]) -> Iterator[Operation]:
    """All of them, also those that are written tomorrow."""
    for template, methods in document["paths"].items():
        for method in _METHODS:
            operation = methods.get(method)
            if operation is None:
                continue
            parameters = operation.get("parameters", ())
            yield Operation(
                method=method.upper(),
                template=template,
                permission=operation.get("x-permission", "undeclared"),
                name=operation["operationId"],
                body=sample_body(operation, document),
                parameters=tuple(p["name"] for p in parameters if p["in"] == "path"),
                query={
                    p["name"]: sample(p["schema"], document)
                    for p in parameters
                    if p["in"] == "query" and p.get("required")
                },
                needs_version=any(p["name"].lower() == "if-match" for p in parameters),
            )


def _absent(name: str) -> str:
    # Numbers and names count inside something that has an id, and that is absent already.
    inside = {"number": "1", "name": "ABSENT", "sha256": "0" * 64}
    return inside.get(name) or str(uuid.uuid4())
