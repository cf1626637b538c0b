"""Where requests cannot leave, each of them is told so."""

import pytest

from dify_hex.application.shared.outbound_http import OutboundRequest
from dify_hex.application.workflow.no_network import NoNetwork
from dify_hex.domain.shared.outbound_errors import OutboundUnreachable, OutboundUrlInvalid
from tests.builders.account import TENANT


async def test_nobody_is_reached() -> None:
    request = OutboundRequest(tenant_id=TENANT, url="https://a.example/")

    with pytest.raises(OutboundUnreachable) as refused:
        await NoNetwork().send(request)
    assert refused.value.details["host"] == "a.example"
    with pytest.raises(OutboundUnreachable):
        NoNetwork().stream(request)


async def test_what_is_no_address_is_told_apart() -> None:
    with pytest.raises(OutboundUrlInvalid):
        await NoNetwork().send(OutboundRequest(tenant_id=TENANT, url="ftp://a.example/"))
