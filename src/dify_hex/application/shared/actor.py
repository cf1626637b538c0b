"""Who asks: the first argument of every use case."""

from dataclasses import dataclass
from uuid import UUID

from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import Forbidden
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, SessionId, TenantId


class PermissionDenied(Forbidden):
    """Your role or key does not allow this."""

    code = "auth_insufficient_scope"


class AppNotAllowed(Forbidden):
    """This key is bound to another app."""

    code = "auth_key_bound_to_other_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An authenticated caller inside one tenant: a person, or a machine with a key."""

    tenant_id: TenantId
    permissions: frozenset[Permission]
    account_id: AccountId | None = None
    api_key_id: ApiKeyId | None = None
    #: The session a person signed in with; None for a machine.
    session_id: SessionId | None = None
    #: The only app a bound key may touch; None when it is not bound.
    bound_app_id: AppId | None = None

    @property
    def caller_id(self) -> UUID | None:
        """The account or the key, for the record of who did something."""
        return self.account_id or self.api_key_id

    def require(self, permission: Permission) -> None:
        """Refuse to go on without the permission.

        Raises:
            PermissionDenied: it is not among the actor's permissions.
        """
        if permission not in self.permissions:
            raise PermissionDenied(required=permission.value)

    def require_app(self, app_id: AppId, permission: Permission) -> None:
        """Refuse to go on without the permission, or with a key that is bound to another app.

        Raises:
            PermissionDenied: the permission is not among the actor's.
            AppNotAllowed: the key is bound to another app.
        """
        self.require(permission)
        if self.bound_app_id is not None and self.bound_app_id != app_id:
            raise AppNotAllowed
