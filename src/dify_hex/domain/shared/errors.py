"""The categories every domain error belongs to.

DomainError
├── NotFound            the thing does not exist, or not for this tenant
├── Gone                it existed and is over
├── Conflict            it contradicts what is already there
├── Forbidden           the actor is known, but may not
├── Unauthenticated     the actor is not known
├── InvalidInput        what was sent cannot be meant
├── LimitReached        a rate, a quota or a size is used up
├── Unavailable         something outside is down; trying again may help
└── Unsupported         understood, but not offered
"""

from collections.abc import Mapping
from typing import ClassVar

DetailValue = str | int | float | bool | None | list["DetailValue"] | Mapping[str, "DetailValue"]


class DomainError(Exception):
    """Something the business refuses; the first docstring line is the default message.

    `code` is stable and public. `details` hold domain values that a caller can act on; they are
    shown to callers, so no secret ever enters them.
    """

    code: ClassVar[str] = "sys_internal_error"

    def __init__(self, message: str | None = None, **details: DetailValue) -> None:
        self.details: Mapping[str, DetailValue] = details
        self.message = message or first_line(type(self).__doc__)
        super().__init__(self.message)


class NotFound(DomainError):
    """The resource does not exist."""

    code = "biz_resource_not_found"


class Gone(DomainError):
    """The resource is no longer available."""

    code = "biz_resource_gone"


class Conflict(DomainError):
    """The request conflicts with the current state of the resource."""

    code = "biz_conflict"


class Forbidden(DomainError):
    """You are not allowed to do this."""

    code = "auth_forbidden"


class Unauthenticated(DomainError):
    """Valid credentials are required."""

    code = "auth_required"


class InvalidInput(DomainError):
    """The request is not valid."""

    code = "biz_validation_failed"


class LimitReached(DomainError):
    """A limit has been reached."""

    code = "biz_limit_reached"

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        **details: DetailValue,
    ) -> None:
        super().__init__(message, **details)
        #: Seconds after which trying again makes sense, when that is known.
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A dependency is unavailable."""

    code = "sys_unavailable"

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        **details: DetailValue,
    ) -> None:
        super().__init__(message, **details)
        #: Seconds after which trying again makes sense, when that is known.
        self.retry_after = retry_after


class Unsupported(DomainError):
    """This is not supported."""

    code = "biz_unsupported"


class StaleVersion(Conflict):
    """The resource was changed by someone else since you read it."""

    code = "biz_concurrent_modification"


def first_line(docstring: str | None) -> str:
    """The sentence that opens a docstring."""
    return (docstring or "").strip().partition("\n")[0]
