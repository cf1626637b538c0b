"""What can be wrong with a model provider, its models, or a call to one.

DomainError
├── NotFound       ModelProviderNotFound, ModelNotFound
├── Conflict       ModelProviderNameTaken, ModelExists, ModelProviderBuiltIn,
│                  ModelProviderIsDisabled, ModelProviderIsEmpty, TooManyModels
├── InvalidInput   ModelProviderNameInvalid, ModelProviderKindUnknown, ModelBaseUrlInvalid,
│                  ModelCredentialRequired, ModelInvalid, ModelTypeMismatch,
│                  ModelAuthenticationFailed, ModelContextTooLong, ModelContentFiltered,
│                  ModelBadRequest, ModelVectorInvalid
├── LimitReached   ModelRateLimited
└── Unavailable    ModelUnavailable, ModelTimeout, ModelStreamCut, ModelCredentialUnreadable

The errors of a call name the provider's kind and the model in their details, never a credential.
"""

from dify_hex.domain.shared.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    Unavailable,
)


class ModelProviderNotFound(NotFound):
    """The model provider does not exist."""

    code = "model_provider_not_found"


class ModelProviderNameTaken(Conflict):
    """A model provider of this name exists already."""

    code = "model_provider_name_taken"


class ModelProviderNameInvalid(InvalidInput):
    """A provider's name is 1 to 50 lower-case letters, digits, hyphens or underscores."""

    code = "model_provider_name_invalid"


class ModelProviderBuiltIn(Conflict):
    """The built-in provider belongs to the installation; its name cannot be used."""

    code = "model_provider_built_in"


class ModelProviderIsDisabled(Conflict):
    """The model provider is disabled."""

    code = "model_provider_disabled"


class ModelProviderIsEmpty(Conflict):
    """The provider has no models and does not list those it serves; name one."""

    code = "model_provider_empty"


class ModelProviderKindUnknown(InvalidInput):
    """No provider of this kind is supported."""

    code = "model_provider_kind_unknown"


class ModelBaseUrlInvalid(InvalidInput):
    """The base URL cannot be used."""

    code = "model_base_url_invalid"


class ModelCredentialRequired(InvalidInput):
    """Providers of this kind need an API key."""

    code = "model_credential_required"


class ModelCredentialUnreadable(Unavailable):
    """The stored credential cannot be read with this installation's key; store it again."""

    code = "model_credential_unreadable"


class ModelInvalid(InvalidInput):
    """The model's name or sizes cannot be right."""

    code = "model_invalid"


class ModelExists(Conflict):
    """The provider has this model already."""

    code = "model_exists"


class TooManyModels(Conflict):
    """A provider takes no more models than this."""

    code = "model_limit_reached"


class ModelNotFound(NotFound):
    """The provider has no such model."""

    code = "model_not_found"


class ModelTypeMismatch(InvalidInput):
    """The model is of another type than this use needs."""

    code = "model_type_mismatch"


class ModelAuthenticationFailed(InvalidInput):
    """The provider refused the credential."""

    code = "model_authentication_failed"


class ModelRateLimited(LimitReached):
    """The provider's rate limit or quota is used up."""

    code = "model_rate_limited"


class ModelContextTooLong(InvalidInput):
    """The prompt is longer than the model's window."""

    code = "model_context_too_long"


class ModelContentFiltered(InvalidInput):
    """The provider refused the content."""

    code = "model_content_filtered"


class ModelBadRequest(InvalidInput):
    """The provider refused the request."""

    code = "model_bad_request"


class ModelVectorInvalid(InvalidInput):
    """The embedding model gave a vector that nothing can be compared with."""

    code = "model_vector_invalid"

    def __init__(self, *, provider: str, model: str, reason: str) -> None:
        super().__init__(
            f"The embedding model {model} of {provider} gave a vector that {reason}.",
            provider=provider,
            model=model,
            reason=reason,
        )


class ModelUnavailable(Unavailable):
    """The model's provider cannot be reached or does not work."""

    code = "model_unavailable"


class ModelTimeout(Unavailable):
    """The model took too long."""

    code = "model_timeout"


class ModelStreamCut(Unavailable):
    """The model's answer broke off before its end."""

    code = "model_stream_cut"
