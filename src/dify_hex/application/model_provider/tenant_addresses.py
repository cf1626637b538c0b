"""Which addresses tenants may have their providers at, in this installation."""

from dify_hex.application.model_provider.ports import AddressGuard
from dify_hex.domain.model_provider.addresses import checked_base_url
from dify_hex.domain.model_provider.kinds import ProviderKind


class TenantAddresses:
    """Judges addresses before they are stored; the calls themselves are guarded once more."""

    def __init__(self, guard: AddressGuard, *, private_allowed: bool) -> None:
        self._guard = guard
        self._private_allowed = private_allowed

    async def checked(self, base_url: str) -> str:
        """An address that a tenant gives, in its stored form.

        Raises:
            ModelBaseUrlInvalid: it is none, or leads into a private network.
        """
        url = checked_base_url(base_url, private_allowed=self._private_allowed)
        await self._guard.check(url)
        return url

    def admit_own(self, kind: ProviderKind) -> None:
        """Let a provider be where its kind always is.

        Raises:
            ModelBaseUrlInvalid: that is this machine, which tenants cannot have called.
        """
        if kind.base_url is not None:
            checked_base_url(kind.base_url, private_allowed=self._private_allowed)
