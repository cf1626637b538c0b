"""The product as a whole, started the way a person starts it, for tests from the outside."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import orjson
import psutil

from dify_hex.adapters.embedded.service_user import ServiceUser
from tests.fakes.interpreter import interpreter_for

CLI = ("-m", "dify_hex.bootstrap.cli")
READY_WITHIN = 60.0
EMAIL = "ada@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One running `dify-hex up`."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    #: Who runs it, when that is not us.
    user: ServiceUser | None = None

    def children(self, *words: str) -> list[psutil.Process]:
        """The processes of the tree whose command line holds all the words."""
        found: list[psutil.Process] = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def command(self, *arguments: str, given: str = "") -> str:
        """What a command of the CLI prints; it has to succeed."""
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            [interpreter_for(self.user), *CLI, *arguments],
            input=given.encode(),
            capture_output=True,
            env=self.environment,
            **_as(self.user),
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        return done.stdout.decode()

    def await_ready(self, *, within: float = READY_WITHIN) -> float:
        """Wait until it is ready; returns the seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return time.monotonic() - began
            except httpx.HTTPError:
                assert self.process.poll() is None, self.last_words()
            time.sleep(0.05)
        raise AssertionError(f"not ready after {within} s\n{self.last_words()}")

    def last_words(self) -> str:
        """The ends of all its logs."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}"
            for log in sorted(self.home.glob("logs/*"))
        )


@contextmanager
def running_product(
    *,
    home: Path | None = None,
    user: ServiceUser | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Product]:
    """Start it, wait until it is ready, stop it."""
    place = home or Path(tempfile.mkdtemp(prefix="dify-hex-e2e-"))
    if user is None:
        place.chmod(0o711)
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"DIFY_HEX_|DATABASE_|REDIS_|PORT$|COV_", name)
    }
    environment |= {
        "DIFY_HEX_HOME": str(place),
        "DIFY_HEX_PORT": str(port),
        "DIFY_HEX_METRICS_PORT": "0",
        "DIFY_HEX_LIMIT_SIGN_IN_BURST": "1000",
        "XDG_CONFIG_HOME": str(place / "config"),
        **(variables or {}),
    }
    with (place / "up.out").open("wb") as output:
        process = subprocess.Popen(
            [interpreter_for(user), *CLI, "up"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            **_as(user),
        )
    product = Product(
        url=f"http://127.0.0.1:{port}",
        home=place,
        process=process,
        environment=environment,
        user=user,
    )
    try:
        product.await_ready()
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if home is None:
            shutil.rmtree(place, ignore_errors=True)


def _as(user: ServiceUser | None) -> dict[str, Any]:
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A published chat app, and a key to talk to it."""

    url: str
    app_id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What a caller with the key sends."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def messages_url(self) -> str:
        """Where messages are sent."""
        return f"{self.url}/v1/apps/{self.app_id}/messages"


def make_owner(product: Product) -> dict[str, str]:
    """Create the first owner by the command line and sign in; returns the headers to use."""
    password = secrets.token_urlsafe(18)
    product.command(
        "accounts",
        "create-owner",
        "--email",
        EMAIL,
        "--name",
        "Ada",
        "--password-stdin",
        given=password,
    )
    credentials = {"email": EMAIL, "password": password}
    answer = httpx.post(f"{product.url}/v1/auth/login", json=credentials, timeout=30)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}


def make_chat(
    product: Product, owner: dict[str, str], *, model: str = "smollm2-135m-instruct"
) -> Chat:
    """Make an app, publish it, and make a key."""
    with httpx.Client(base_url=product.url, headers=owner, timeout=30) as client:
        app = _data(client.post("/v1/apps", json={"name": "Helper", "mode": "chat"}))
        draft = client.get(f"/v1/apps/{app['id']}/draft")
        configuration = {
            "mode": "chat",
            "model": {"provider": "local", "model": model},
            "prompt": {"text": "You are helpful."},
        }
        changed = client.put(
            f"/v1/apps/{app['id']}/draft",
            json=configuration,
            headers={"If-Match": draft.headers["ETag"]},
        )
        assert changed.status_code == 200, changed.text
        _data(client.post(f"/v1/apps/{app['id']}/publish", json={}))
        key = _data(
            client.post(
                "/v1/api-keys",
                json={"name": "test", "scopes": ["app:run", "conversation:read", "run:read"]},
            )
        )
    return Chat(url=product.url, app_id=str(app["id"]), key=str(key["secret"]))


def _data(answer: httpx.Response) -> dict[str, object]:
    assert answer.is_success, answer.text
    found: dict[str, object] = orjson.loads(answer.content)["data"]
    return found
