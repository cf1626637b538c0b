"""What the operator's settings mean for requests to servers that graphs name."""

from collections.abc import Mapping

from dify_hex.application.shared.outbound_http import OutboundLimits
from dify_hex.bootstrap.settings import OutboundLists, OutboundSettings
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.outbound_rules import OutboundRules


def rules_of(settings: OutboundSettings | OutboundLists) -> OutboundRules:
    """Which servers may be called."""
    return OutboundRules.parse(opened=settings.opened, only=settings.only, denied=settings.denied)


def tenants_rules_of(settings: OutboundSettings) -> Mapping[TenantId, OutboundRules]:
    """Which servers single tenants may call."""
    return {TenantId(tenant): rules_of(lists) for tenant, lists in settings.tenants.items()}


def ceiling_of(settings: OutboundSettings) -> OutboundLimits:
    """The most that a request may take."""
    return OutboundLimits(
        connect_seconds=settings.max_seconds,
        read_seconds=settings.max_seconds,
        write_seconds=settings.max_seconds,
        total_seconds=settings.max_seconds,
        max_body_bytes=settings.max_body_bytes,
        max_redirects=settings.max_redirects,
    )
