"""Requests to other servers, of which a test changes what it is about."""

from uuid import UUID

from dify_hex.application.shared.outbound_http import OutboundLimits, OutboundRequest
from dify_hex.domain.shared.ids import TenantId

TENANT = TenantId(UUID(int=7))
OTHER_TENANT = TenantId(UUID(int=8))
#: Short, so that a test that hangs does not.
LIMITS = OutboundLimits(
    connect_seconds=2, read_seconds=2, write_seconds=2, total_seconds=5, max_body_bytes=1 << 20
)


def a_request(url: str, **changes: object) -> OutboundRequest:
    """A GET of the URL for one tenant."""
    given: dict[str, object] = {"tenant_id": TENANT, "url": url, "limits": LIMITS, **changes}
    return OutboundRequest(**given)  # type: ignore[arg-type] # a test names the fields it changes
