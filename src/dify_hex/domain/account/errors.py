"""What identity refuses."""

from dify_hex.domain.shared.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    Unauthenticated,
)


class LoginFailed(Unauthenticated):
    """The e-mail or the password is wrong, or the account is locked after too many tries."""

    code = "auth_login_failed"


class TokenInvalid(Unauthenticated):
    """The access token is not valid."""

    code = "auth_token_invalid"


class TokenExpired(Unauthenticated):
    """The access token has expired."""

    code = "auth_token_expired"


class SessionEnded(Unauthenticated):
    """The session is over; sign in again."""

    code = "auth_session_ended"


class RefreshTokenReused(Unauthenticated):
    """The refresh token was used before, so its session was ended; sign in again."""

    code = "auth_token_reused"


class ApiKeyInvalid(Unauthenticated):
    """There is no such API key."""

    code = "auth_key_invalid"


class ApiKeyWithdrawn(Unauthenticated):
    """The API key was revoked."""

    code = "auth_key_revoked"


class ApiKeyExpired(Unauthenticated):
    """The API key has expired."""

    code = "auth_key_expired"


class TenantSuspended(Forbidden):
    """The tenant is suspended."""

    code = "auth_tenant_suspended"


class TenantMismatch(Forbidden):
    """The credentials belong to another tenant than X-Tenant-ID names."""

    code = "auth_tenant_mismatch"


class NoMembership(Forbidden):
    """The account is a member of no tenant."""

    code = "auth_no_membership"


class PeopleOnly(Forbidden):
    """Only a signed-in person can do this, not an API key."""

    code = "auth_people_only"


class InvalidEmail(InvalidInput):
    """This is not an e-mail address."""

    code = "account_email_invalid"


class InvalidName(InvalidInput):
    """A name is one line of visible text, neither empty nor too long."""

    code = "account_name_invalid"


class WeakPassword(InvalidInput):
    """The password is too easy to guess."""

    code = "account_password_weak"


class WrongPassword(Forbidden):
    """The present password is wrong."""

    code = "account_password_wrong"


class EmailTaken(Conflict):
    """An account with this e-mail address exists."""

    code = "account_email_exists"


class AlreadyMember(Conflict):
    """The account is a member of this tenant."""

    code = "member_exists"


class AccountVouchedElsewhere(Conflict):
    """An account with this e-mail address exists, and only other tenants have vouched for it."""

    code = "member_account_exists_elsewhere"


class MemberNotFound(NotFound):
    """The tenant has no such member."""

    code = "member_not_found"


class LastOwner(Conflict):
    """A tenant keeps at least one owner."""

    code = "member_last_owner"


class RoleAboveOwn(Forbidden):
    """Nobody gives, changes or takes a role above their own."""

    code = "member_role_above_own"


class TenantNotFound(NotFound):
    """There is no such tenant, or the account is not a member of it."""

    code = "tenant_not_found"


class TenantSlugTaken(Conflict):
    """A tenant with this slug exists."""

    code = "tenant_slug_exists"


class TenantFull(Conflict):
    """The tenant has as many of these as its limits allow."""

    code = "tenant_limit_reached"


class ApiKeyNotFound(NotFound):
    """There is no such API key."""

    code = "key_not_found"


class BoundAppNotFound(NotFound):
    """The app that the key is to be bound to does not exist."""

    code = "key_app_not_found"


class ScopeAboveOwn(Forbidden):
    """A key cannot be given a scope that its maker lacks."""

    code = "key_scope_above_own"


class ScopeNotForApp(InvalidInput):
    """A key bound to one app cannot hold a scope that concerns the whole tenant."""

    code = "key_scope_not_for_app"


class NoScopes(InvalidInput):
    """A key needs at least one scope."""

    code = "key_scope_missing"


class ExpiryInPast(InvalidInput):
    """A key's expiry lies in the future."""

    code = "key_expiry_in_past"


class AlreadySetUp(Conflict):
    """There is an owner already; new members are added by one."""

    code = "setup_already_done"


class LinkNotFound(NotFound):
    """There is no such link."""

    code = "setup_link_not_found"


class LinkOver(Gone):
    """The link was used or has expired."""

    code = "setup_link_over"
