"""Where requests cannot leave, none do."""

from contextlib import AbstractAsyncContextManager

from dify_hex.application.shared.outbound_http import (
    OutboundHttp,
    OutboundRequest,
    OutboundResponse,
    OutboundStream,
)
from dify_hex.domain.shared.outbound_errors import OutboundUnreachable
from dify_hex.domain.shared.values.outbound_url import OutboundUrl


class NoNetwork(OutboundHttp):
    """Reaches nobody: every request raises `OutboundUnreachable`."""

    def stream(self, request: OutboundRequest) -> AbstractAsyncContextManager[OutboundStream]:
        """Nothing is sent."""
        raise _unreachable(request)

    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """Nothing is sent."""
        raise _unreachable(request)


def _unreachable(request: OutboundRequest) -> OutboundUnreachable:
    return OutboundUnreachable(host=OutboundUrl.parse(request.url).host, reason="connect")
