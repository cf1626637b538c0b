"""What can be wrong with a request before it means anything: errors of the protocol itself."""

from typing import ClassVar

from dify_hex.domain.shared.errors import DomainError, InvalidInput


class ProtocolProblem(DomainError):
    """The request cannot be handled as it was sent."""

    status: ClassVar[int] = 400
    code = "biz_malformed_request"


class MalformedRequest(ProtocolProblem):
    """The request cannot be read."""

    code = "biz_malformed_request"


class MalformedJson(ProtocolProblem):
    """The body is not valid JSON."""

    code = "biz_malformed_json"


class MalformedForm(ProtocolProblem):
    """The body is not a form with parts that can be told apart."""

    code = "biz_malformed_form"


class MalformedIfMatch(ProtocolProblem):
    """If-Match must hold one version in double quotes, as the ETag header gave it."""

    code = "biz_malformed_if_match"


class RouteNotFound(ProtocolProblem):
    """There is nothing at this address."""

    status = 404
    code = "biz_route_not_found"


class MethodNotAllowed(ProtocolProblem):
    """This address does not offer the method."""

    status = 405
    code = "biz_method_not_allowed"


class NotAcceptable(ProtocolProblem):
    """The answer cannot be given in any media type that Accept names."""

    status = 406
    code = "biz_not_acceptable"


class BodyTimedOut(ProtocolProblem):
    """The body did not arrive in time."""

    status = 408
    code = "biz_body_timed_out"


class HeadTimedOut(ProtocolProblem):
    """The request's headers did not arrive in time."""

    status = 408
    code = "biz_head_timed_out"


class HeadTooLarge(ProtocolProblem):
    """The request's headers are too large."""

    status = 431
    code = "biz_head_too_large"


class BodyTooLarge(ProtocolProblem):
    """The body is larger than this route takes."""

    status = 413
    code = "biz_body_too_large"


class MediaTypeNotSupported(ProtocolProblem):
    """The body is of a media type that this route does not take."""

    status = 415
    code = "biz_media_type_not_supported"


class RangeNotSatisfiable(ProtocolProblem):
    """The part that Range asks for begins behind the end."""

    status = 416
    code = "biz_range_not_satisfiable"


class VersionRequired(ProtocolProblem):
    """If-Match with the version you have read is required."""

    status = 428
    code = "biz_version_required"


class RateLimited(ProtocolProblem):
    """Too many requests."""

    status = 429
    code = "sys_rate_limited"

    def __init__(self, *, retry_after: float) -> None:
        super().__init__(None, retry_after=retry_after)
        self.retry_after = retry_after


class InternalError(ProtocolProblem):
    """Something went wrong on our side."""

    status = 500
    code = "sys_internal_error"


class Overloaded(ProtocolProblem):
    """The service is at its capacity; try again shortly."""

    status = 503
    code = "sys_overloaded"
    retry_after = 1.0


class UnknownSortField(InvalidInput):
    """The list cannot be sorted by this field."""

    code = "biz_unknown_sort_field"
