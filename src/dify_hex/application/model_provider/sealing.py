"""Turns an API key into what is stored of it."""

from dify_hex.application.model_provider.endpoints import credential_context
from dify_hex.application.model_provider.ports import SecretBox
from dify_hex.domain.model_provider.state import SealedCredential
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.values.secret_text import SecretText


def sealed(
    api_key: SecretText | None,
    tenant_id: TenantId,
    provider_id: ModelProviderId,
    secrets: SecretBox,
) -> SealedCredential | None:
    """The key, encrypted for this provider alone, and its hint; None where there is no key."""
    if api_key is None:
        return None
    context = credential_context(tenant_id, provider_id)
    return SealedCredential(blob=secrets.seal(api_key, context=context), hint=api_key.hint)
