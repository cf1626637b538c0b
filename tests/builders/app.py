"""Apps, versions and configurations for tests, with everything that does not matter filled in."""

from datetime import UTC, datetime
from uuid import UUID

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
)
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AccountId, AppId, AppVersionId, TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.input_variable import InputVariable
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.prompt_template import PromptTemplate

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
TENANT = TenantId(UUID(int=1))
#: An app that nothing is known of but its id.
SOME_APP = AppId(UUID(int=5))
EDITOR = UUID(int=2)
MODEL = ModelConfig(provider="local", model="echo")
EVERYTHING = frozenset(Permission)


def chat(
    prompt: str = "", *variables: InputVariable, model: ModelConfig = MODEL
) -> ChatConfiguration:
    """A chat configuration."""
    return ChatConfiguration(model=model, prompt=PromptTemplate(text=prompt, variables=variables))


def completion(prompt: str = "Write.", *variables: InputVariable) -> CompletionConfiguration:
    """A completion configuration."""
    return CompletionConfiguration(
        model=MODEL, prompt=PromptTemplate(text=prompt, variables=variables)
    )


def new_app(
    name: str = "Support bot",
    configuration: Configuration | None = None,
    *,
    tenant_id: TenantId = TENANT,
) -> App:
    """An app that was just made, its first event still pending."""
    return App.create(
        id=AppId(new_id()),
        tenant_id=tenant_id,
        name=name,
        configuration=configuration or chat(),
        now=NOW,
        by=EDITOR,
    )


def stored(app: App) -> App:
    """The app as it would be loaded again."""
    return App(
        id=app.id, tenant_id=app.tenant_id, mode=app.mode, state=app.state, version=app.version
    )


def published(
    app: App, *, latest: AppVersion | None = None, faults: tuple[Fault, ...] = ()
) -> AppVersion:
    """Publish the app's draft."""
    return app.publish(
        version_id=AppVersionId(new_id()),
        graph_hash="0" * 64,
        faults=list(faults),
        latest=latest,
        now=LATER,
        by=EDITOR,
        label="1.0",
        note="The first.",
    )


def actor(
    *permissions: Permission, tenant_id: TenantId = TENANT, bound_app_id: AppId | None = None
) -> Actor:
    """Somebody with the permissions, or with all of them."""
    return Actor(
        tenant_id=tenant_id,
        permissions=frozenset(permissions) or EVERYTHING,
        account_id=AccountId(EDITOR),
        bound_app_id=bound_app_id,
    )
