"""Opens a stored credential and puts it together with the address it is for."""

from dify_hex.application.model_provider.ports import ModelEndpoint, SecretBox
from dify_hex.application.model_provider.read_models import CallableProvider
from dify_hex.domain.model_provider.kinds import kind_named
from dify_hex.domain.shared.ids import ModelProviderId, TenantId


def credential_context(tenant_id: TenantId, provider_id: ModelProviderId) -> str:
    """What a credential is bound to: a blob copied to another provider's row does not open."""
    return f"model-provider:{tenant_id}:{provider_id}"


def endpoint_of(
    tenant_id: TenantId, provider: CallableProvider, model: str, secrets: SecretBox
) -> ModelEndpoint:
    """The endpoint of one of a provider's models.

    Raises:
        ModelCredentialUnreadable: the credential was sealed with a key that is gone.
    """
    credential = provider.connection.credential
    return ModelEndpoint(
        provider_kind=provider.kind,
        base_url=provider.connection.base_url or kind_named(provider.kind).base_url,
        api_key=(
            None
            if credential is None
            else secrets.open(credential.blob, context=credential_context(tenant_id, provider.id))
        ),
        model=model,
    )
