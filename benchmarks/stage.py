"""The product on a stage: one tree of processes, the scripted model server, an owner, an app."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.processes import command_line, tree
from benchmarks.wire import Address, request_bytes
from tests.e2e.product import EMAIL, Product, running_product

_SCOPES = ("app:read", "app:run", "conversation:read", "run:read")
MODEL = "smollm2-135m-instruct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything is, and the key to it."""

    product: Product
    model: Address
    address: Address
    key: str
    app_id: str
    owner: httpx.Client

    @property
    def api_pid(self) -> int:
        """The API process."""
        for process in tree(self.product.process.pid):
            if command_line(process).endswith("dify_hex.bootstrap.services api"):
                return int(process.pid)
        raise LookupError("there is no API process")

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """A request with the key, as bytes."""
        fields = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        return request_bytes(method, path, self.address, headers=fields, body=body)

    def message(self, query: str, response: str, **more: object) -> bytes:
        """The request that sends a message."""
        body = {"query": query, "user": "benchmark", "response": response, **more}
        return self.request("POST", f"/v1/apps/{self.app_id}/messages", body)


@contextmanager
def stage(**settings: str) -> Iterator[Stage]:
    """Everything started as `dify-hex up` starts it, on a model that answers at once."""
    with (
        scripted_model() as model,
        running_product(
            variables={
                "DIFY_HEX_MODEL_URL": f"http://{model.host}:{model.port}/v1",
                "DIFY_HEX_MODEL_NAME": "scripted",
                "DIFY_HEX_LOG_LEVEL": "WARNING",
                **settings,
            }
        ) as product,
    ):
        yield _furnished(product, model)


@contextmanager
def stage_with_embedder(model: str) -> Iterator[Stage]:
    """The same, with an embedding server that takes the same time for every text."""
    with (
        scripted_model() as embedder,
        stage(
            DIFY_HEX_EMBEDDING_URL=f"http://{embedder.host}:{embedder.port}/v1",
            DIFY_HEX_EMBEDDING_NAME=model,
        ) as product,
    ):
        yield product


@contextmanager
def scripted_model() -> Iterator[Address]:
    """The scripted model server as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.model_server"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        word, _, port = process.stdout.readline().partition(" ")
        assert word == "READY", "the scripted model server did not start"
        yield Address("127.0.0.1", int(port))
    finally:
        process.terminate()
        process.wait(10)


def made(owner: httpx.Client, path: str, body: object) -> dict[str, Any]:
    """What a POST that has to succeed answers with."""
    answer = owner.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def _furnished(product: Product, model: Address) -> Stage:
    password = secrets.token_urlsafe(18)
    product.command(
        "accounts", "create-owner", "--email", EMAIL, "--name", "Ada", "--password-stdin",
        given=password,
    )  # fmt: skip
    owner = httpx.Client(base_url=product.url, timeout=30)
    credentials = {"email": EMAIL, "password": password}
    token = made(owner, "/v1/auth/login", credentials)["access_token"]
    owner.headers["authorization"] = f"Bearer {token}"
    app = made(owner, "/v1/apps", {"name": "Benchmark"})
    made(owner, f"/v1/apps/{app['id']}/publish", {})
    key = made(owner, "/v1/api-keys", {"name": "benchmark", "scopes": _SCOPES})
    return Stage(
        product=product,
        model=model,
        address=Address.of(product.url),
        key=key["secret"],
        app_id=app["id"],
        owner=owner,
    )


def events_of(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The events of a whole stream: type and data."""
    found = []
    for block in body.decode().replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n") if line[:1] != ":")
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found
