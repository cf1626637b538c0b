"""Two tenants with people in every role, keys good and bad, and one of everything with an id."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

import asyncpg
import httpx

from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.application.account.founding import Founder
from dify_hex.application.account.ports import AccessClaims
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.shared.ids import AccountId, DocumentId, SessionId, TaskId, TenantId
from tests.contract.running_api import RunningApi

PASSWORD = "tall-green-river-17"
OWNER = "owner@example.com"
#: Every scope that a key can have is had by the owner.
_FAR = "2099-01-01T00:00:00Z"


@dataclass(slots=True, kw_only=True)
class World:
    """What the tests of all routes start from."""

    api: RunningApi
    client: httpx.Client
    #: Access tokens by role, all in the first tenant.
    tokens: dict[Role, str] = field(default_factory=dict)
    emails: dict[Role, str] = field(default_factory=dict)
    other_owner: str = ""
    key: str = ""
    revoked_key: str = ""
    expired_key: str = ""
    expired_token: str = ""
    #: One existing thing of the first tenant for each path parameter.
    ids: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, credential: str | None = None, **options: Any
    ) -> httpx.Response:
        """One request, as the holder of the credential."""
        headers = dict(options.pop("headers", {}))
        if credential is not None:
            headers["authorization"] = f"Bearer {credential}"
        return self.client.request(method, path, headers=headers, **options)

    def made(
        self, path: str, body: Mapping[str, Any] | None, credential: str | None = None
    ) -> dict[str, Any]:
        """What a POST that has to succeed answers with."""
        answer = self.call("POST", path, credential or self.tokens[Role.OWNER], json=body)
        assert answer.is_success, answer.text
        return cast("dict[str, Any]", answer.json()["data"])

    def signed_in(self, role: Role) -> str:
        """A fresh access token in this role, whose session nobody else uses."""
        return self.log_in(self.emails[role])

    def log_in(self, email: str) -> str:
        """An access token of the account."""
        answer = self.call("POST", "/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return cast("str", answer.json()["data"]["access_token"])


def build_world(api: RunningApi, admin_url: str) -> World:
    """Set the installation up, and make two tenants with everything in the first one."""
    world = World(api=api, client=httpx.Client(base_url=api.url, timeout=30))
    founder = Founder(email=OWNER, name="Ada", password=PASSWORD, tenant_name="First")
    api.do(api.container.account().create_owner().execute(founder))
    world.emails[Role.OWNER] = OWNER
    _fill(world, admin_url, prefix="")
    return world


def build_another(first: World, admin_url: str) -> World:
    """The same once more in tenants of their own, for tests that leave nothing as it was."""
    world = World(api=first.api, client=first.client)
    prefix = f"{uuid.uuid4().hex[:8]}-"
    world.emails[Role.OWNER] = _owner_of_new_tenant(first, f"{prefix}owner@example.com")
    _fill(world, admin_url, prefix=prefix)
    return world


def _fill(world: World, admin_url: str, *, prefix: str) -> None:
    world.tokens[Role.OWNER] = world.log_in(world.emails[Role.OWNER])
    _add_members(world, prefix)
    world.other_owner = world.log_in(_owner_of_new_tenant(world, f"{prefix}other@example.com"))
    _add_keys(world, admin_url)
    _add_things(world)
    world.expired_token = _expired_token(world)


def _add_members(world: World, prefix: str) -> None:
    for role in Role:
        if role is Role.OWNER:
            continue
        email = f"{prefix}{role.value}@example.com"
        body = {"email": email, "name": role.value, "role": role.value}
        member = world.made("/v1/members", body)
        _choose_password(world, member["setup_path"])
        world.emails[role] = email
        world.tokens[role] = world.log_in(email)
        world.ids["account_id"] = member["account_id"]


def _owner_of_new_tenant(world: World, email: str) -> str:
    """Open another tenant, and let a new account own it."""
    tenant = world.made("/v1/tenants", {"name": "Other"})
    switched = world.made(
        "/v1/auth/switch-tenant", {"tenant_id": tenant["id"]}, world.signed_in(Role.OWNER)
    )
    body = {"email": email, "name": "Other", "role": "owner"}
    member = world.made("/v1/members", body, switched["access_token"])
    _choose_password(world, member["setup_path"])
    return email


def _choose_password(world: World, path: str) -> None:
    answer = world.client.post(path, data={"password": PASSWORD})
    assert answer.is_success, answer.text


def _add_keys(world: World, admin_url: str) -> None:
    body = {"name": "key", "scopes": ["app:read", "app:run", "conversation:read"]}
    kept = world.made("/v1/api-keys", body)
    world.key, world.ids["api_key_id"] = kept["secret"], kept["id"]
    revoked = world.made("/v1/api-keys", body)
    world.revoked_key = revoked["secret"]
    answer = world.call("DELETE", f"/v1/api-keys/{revoked['id']}", world.tokens[Role.OWNER])
    assert answer.status_code == 204
    expired = world.made("/v1/api-keys", {**body, "expires_at": _FAR})
    world.expired_key = expired["secret"]
    world.api.do(_expire(admin_url, expired["id"]))


async def _expire(admin_url: str, key_id: str) -> None:
    connection = await asyncpg.connect(driver_dsn(admin_url))
    try:
        async with connection.transaction():
            # The owner of a table is not above its row-level security, so it is put aside.
            await connection.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
            done = await connection.execute(
                "UPDATE api_keys SET expires_at = now() - interval '1 minute' WHERE id = $1",
                uuid.UUID(key_id),
            )
            await connection.execute("ALTER TABLE api_keys FORCE ROW LEVEL SECURITY")
        assert done == "UPDATE 1"
    finally:
        await connection.close()


def _add_things(world: World) -> None:
    app = world.made("/v1/apps", {"name": "Lamp"})
    path = f"/v1/apps/{app['id']}"
    version = world.made(f"{path}/publish", {})
    message = world.made(f"{path}/messages", {"query": "Hello", "user": "someone"})
    provider = {"kind": "openai", "name": "lamps", "api_key": "sk-0123456789abcdefghij"}
    form = {"file": ("plan.txt", b"Lamps, everywhere.", "text/plain")}
    handed_in = world.call("POST", "/v1/files", world.tokens[Role.OWNER], files=form)
    assert handed_in.status_code == 201, handed_in.text
    secret = world.call(
        "PUT", f"{path}/secrets/TOKEN", world.tokens[Role.OWNER], json={"value": "of-the-lamp"}
    )
    assert secret.status_code == 200, secret.text
    world.ids |= {
        "name": "TOKEN",
        "file_id": handed_in.json()["data"]["id"],
        "provider_id": world.made("/v1/model-providers", provider)["id"],
        "app_id": app["id"],
        "version_id": version["id"],
        "number": str(version.get("number", 1)),
        "message_id": message["id"],
        "conversation_id": message["conversation_id"],
        "node_id": "greet",
        **_waiting_run(world),
        "task_id": _waiting_task(world),
        **_handbook(world),
    }


def _handbook(world: World) -> dict[str, str]:
    """A Knowledge and a document in it."""
    knowledge = world.made("/v1/knowledge", {"name": "Handbook"})
    text = {"name": "Lamps", "text": "Lamps are lit at dusk."}
    added = world.made(f"/v1/knowledge/{knowledge['id']}/documents", text)
    document_id = added["documents"][0]["id"]
    return {
        "knowledge_id": knowledge["id"],
        "document_id": document_id,
        "segment_id": _segment(world, document_id),
    }


def _segment(world: World, document_id: str) -> str:
    """A segment of the document, as indexing leaves it before anything is embedded."""
    text = "Lamps are lit at dusk."
    draft = SegmentDraft(
        position=1, content=text, content_hash=b"lamps", occurrence=0, tokens=len(text.split())
    )
    me = world.call("GET", "/v1/accounts/me", world.tokens[Role.OWNER]).json()["data"]
    tenant_id, document = TenantId(uuid.UUID(me["tenant_id"])), DocumentId(uuid.UUID(document_id))

    async def keep() -> None:
        async with world.api.container.shared().begin()(tenant_id) as work:
            await work.segments.reconcile(document, 1, [draft])
            await work.commit()

    world.api.do(keep())
    path = f"/v1/documents/{document_id}/segments"
    listed = world.call("GET", path, world.tokens[Role.OWNER]).json()["data"]
    return cast("str", listed[0]["id"])


def _waiting_task(world: World) -> str:
    """A background job that nobody begins."""
    me = world.call("GET", "/v1/accounts/me", world.tokens[Role.OWNER]).json()["data"]
    tenant_id, now = TenantId(uuid.UUID(me["tenant_id"])), datetime.now(UTC)
    request = JobRequest(kind="light_lamps", not_before=now + timedelta(days=1000))

    async def ask() -> TaskId:
        async with world.api.container.shared().begin()(tenant_id) as work:
            task_id: TaskId = await work.jobs.enqueue(request, now=now)
            await work.commit()
        return task_id

    return str(world.api.do(ask()))


def _waiting_run(world: World) -> dict[str, str]:
    """A run that waits for a form, the form's token, and a value too large for its event."""
    app = world.made("/v1/apps", {"name": "Lamp flow", "mode": "workflow"})
    plans = {"variable": "plans", "type": "json_object"}
    nodes = [
        {"id": "start", "type": "start", "config": {"variables": [plans]}},
        {
            "id": "ask",
            "type": "human-input",
            "config": {
                "form_content": "Well?",
                "inputs": [{"type": "file", "output_variable_name": "plan"}],
                "user_actions": [{"id": "yes", "title": "Yes"}],
            },
        },
        {"id": "end", "type": "end", "config": {"run_outputs": []}},
    ]
    edges = [
        {"source": "start", "target": "ask"},
        {"source": "ask", "target": "end", "handle": "yes"},
    ]
    path, owner = f"/v1/apps/{app['id']}", world.tokens[Role.OWNER]
    draft = {"mode": "workflow", "graph": {"nodes": nodes, "edges": edges}}
    put = world.call("PUT", f"{path}/draft", owner, json=draft, headers={"if-match": '"1"'})
    assert put.status_code == 200, put.text
    world.made(f"{path}/publish", {})
    large = {"text": "Lamps. " * 100_000}
    run = world.made(f"{path}/runs", {"user": "someone", "inputs": {"plans": large}})
    place = f"/v1/workflow-runs/{run['id']}"
    digest = sha256(json.dumps(large, separators=(",", ":")).encode()).hexdigest()
    kept = world.call("GET", f"{place}/values/{digest}", owner)
    assert kept.json() == large, kept.text[:200]
    forms = world.call("GET", f"{place}/forms", owner).json()["data"]
    return {"run_id": run["id"], "form_token": forms[0]["token"], "sha256": digest}


def _expired_token(world: World) -> str:
    issued = datetime.now(UTC) - timedelta(hours=1)
    me = world.call("GET", "/v1/accounts/me", world.tokens[Role.OWNER]).json()["data"]
    claims = AccessClaims(
        account_id=AccountId(uuid.UUID(me["id"])),
        tenant_id=TenantId(uuid.UUID(me["tenant_id"])),
        session_id=SessionId(uuid.uuid4()),
        scope=frozenset(),
        issued_at=issued,
        expires_at=issued + timedelta(minutes=15),
    )
    return world.api.container.credentials().access_tokens().issue(claims)
