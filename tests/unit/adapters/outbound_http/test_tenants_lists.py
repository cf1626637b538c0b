"""What the operator says of single tenants, beside what holds for all."""

import pytest

from dify_hex.domain.shared.outbound_errors import OutboundAddressForbidden
from dify_hex.domain.shared.values.outbound_rules import OutboundRules
from tests.builders.outbound import OTHER_TENANT, TENANT, a_request
from tests.fakes.hostile_server import HostileServer, ok, redirect
from tests.fakes.outbound import guarded_client

HOME = OutboundRules.parse(opened=["127.0.0.0/8"])


async def test_what_is_opened_for_one_tenant_is_closed_to_the_others(
    server: HostileServer,
) -> None:
    url = server.answer("/", ok())
    async with guarded_client(opened=(), tenants_rules={TENANT: HOME}) as client:
        assert (await client.send(a_request(url))).status == 200

        with pytest.raises(OutboundAddressForbidden) as refused:
            await client.send(a_request(url, tenant_id=OTHER_TENANT))

    assert refused.value.details["reason"] == "not_public"


async def test_what_is_denied_to_one_tenant_is_open_to_the_others(server: HostileServer) -> None:
    url = server.answer("/", ok())
    denying = {TENANT: OutboundRules.parse(denied=["127.0.0.0/8"])}
    async with guarded_client(tenants_rules=denying) as client:
        with pytest.raises(OutboundAddressForbidden) as refused:
            await client.send(a_request(url))

        assert (await client.send(a_request(url, tenant_id=OTHER_TENANT))).status == 200
    assert refused.value.details["reason"] == "denied"


async def test_a_tenants_list_widens_nothing_that_the_deployment_has_closed(
    server: HostileServer,
) -> None:
    url = server.answer("/", ok())
    async with guarded_client(denied=("127.0.0.0/8",), tenants_rules={TENANT: HOME}) as client:
        with pytest.raises(OutboundAddressForbidden):
            await client.send(a_request(url))


async def test_redirects_are_held_against_the_tenants_list_too(server: HostileServer) -> None:
    server.answer("/inside", ok())
    url = server.answer("/start", redirect(f"http://localhost:{server.port}/inside"))
    only = {TENANT: OutboundRules.parse(only=[f"127.0.0.1:{server.port}"], denied=["localhost"])}
    async with guarded_client(tenants_rules=only) as client:
        with pytest.raises(OutboundAddressForbidden):
            await client.send(a_request(url))
